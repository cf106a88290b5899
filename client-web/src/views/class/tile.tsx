// One person's picture, or their initials: name, voice, hand, reaction and connection are said on it.

import { useEffect, useRef } from 'preact/hooks';

import type { Person, Reaction } from '../../protocol/types';
import { words } from '../../text/text';
import { Avatar } from '../../ui/avatar';
import { Icon } from '../../ui/icon';
import type { IconName } from '../../ui/icons';
import { useAttendance } from './attendance';

export const REACTION_ICONS: Record<Reaction, IconName> = {
  yes: 'check',
  no: 'cross',
  clap: 'star',
  heart: 'heart',
  smile: 'smile',
  lost: 'question',
};

export function Tile({ person, large }: { person: Person; large?: boolean }) {
  const { state, media, devices, familiar } = useAttendance();
  const t = words().class;
  const isOwn = person.person === state.self?.person;
  const own = devices.camera.capture.value;
  const track = isOwn && own.is === 'on' ? own.track : null;
  const stream = isOwn || !person.sending.camera ? null : media.streamOf(person.person, 'video', state.slots);
  const isSpeaking = state.speaking.includes(person.person);
  const reaction = state.reactions.find((one) => one.person === person.person)?.reaction;
  const classes = ['tile', large && 'large', isSpeaking && 'speaking', person.away && 'away'].filter(Boolean).join(' ');
  return (
    <div class={classes} data-person={person.person} {...(isOwn ? {} : { 'data-look': person.person })}>
      <Avatar name={person.name} id={person.person} large />
      {track !== null && <TrackVideo track={track} />}
      {stream !== null && <StreamVideo key={`${person.person} ${stream.id}`} stream={stream} fit="cover" />}
      <div class="tile-name">
        <span class="tile-sound">
          <Icon name={isSpeaking ? 'speaker' : person.sending.microphone ? 'microphone' : 'microphone-off'} />
          <span class="sr-only">
            {isSpeaking ? t.speaking : person.sending.microphone ? t.people.microphoneOn : t.people.microphoneOff}
          </span>
        </span>
        <span class="tile-words">
          {isOwn ? t.youAlone(familiar) : person.name}
        </span>
        {person.away && <span class="tag attention">{t.away}</span>}
      </div>
      {person.hand !== undefined && (
        <span class="tile-hand">
          <Icon name="hand" />
          <span class="sr-only">{t.bar.hand}</span>
        </span>
      )}
      {reaction !== undefined && (
        <span class="tile-reaction" role="img" aria-label={t.reactions[reaction]}>
          <Icon name={REACTION_ICONS[reaction]} />
        </span>
      )}
    </div>
  );
}

export function ScreenTile({ person }: { person: Person }) {
  const { state, media, familiar } = useAttendance();
  const t = words().class;
  const isOwn = person.person === state.self?.person;
  const stream = isOwn ? media.ownScreen.value : media.streamOf(person.person, 'screen', state.slots);
  return (
    <div class="tile large screen" data-person={person.person}>
      {stream === null ? <Icon name="screen" class="tile-waiting" /> : <StreamVideo key={stream.id} stream={stream} fit="contain" />}
      <div class="tile-name">
        <Icon name="screen" />
        <span class="tile-words">{isOwn ? t.ownScreen(familiar) : t.screenOf(person.name)}</span>
      </div>
    </div>
  );
}

/** Sound is heard elsewhere (`Sounds`), so every picture is mute. */
function StreamVideo({ stream, fit }: { stream: MediaStream; fit: 'cover' | 'contain' }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    element.srcObject = stream;
    // Until the first frame of this person, the initials stay: never another person's last frame under this name.
    if (!('requestVideoFrameCallback' in element)) {
      (element as HTMLVideoElement).classList.add('fresh');
      return;
    }
    const handle = element.requestVideoFrameCallback(() => element.classList.add('fresh'));
    return () => element.cancelVideoFrameCallback(handle);
  }, [stream]);
  return <video ref={video} class={`picture ${fit}`} autoPlay muted playsInline aria-hidden="true" />;
}

/** One's own picture, as in a mirror. */
function TrackVideo({ track }: { track: MediaStreamTrack }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = new MediaStream([track]);
  }, [track]);
  return <video ref={video} class="picture cover fresh mirrored" autoPlay muted playsInline aria-hidden="true" />;
}
