// Everything to be heard: three voices and the sound of a screen; and a button where the browser wants a gesture first.

import { useEffect, useRef, useState } from 'preact/hooks';

import { words } from '../../text/text';
import { Button } from '../../ui/button';
import { useAttendance } from './attendance';

export function Sounds() {
  const { media, devices } = useAttendance();
  const [isBlocked, setBlocked] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const t = words().class;
  const playAll = () => {
    setBlocked(false);
    for (const audio of root.current?.querySelectorAll('audio') ?? []) void audio.play().catch(() => setBlocked(true));
  };
  return (
    <>
      {isBlocked && (
        <div class="notice attention sound-blocked">
          <p class="grow">{t.soundBlocked}</p>
          <Button kind="primary" icon="speaker" onClick={playAll}>
            {t.soundOn}
          </Button>
        </div>
      )}
      <div ref={root} hidden>
        {media.sounds.map((stream) => (
          <Sound key={stream.id} stream={stream} speaker={devices.speaker.value} onBlocked={() => setBlocked(true)} />
        ))}
      </div>
    </>
  );
}

function Sound({ stream, speaker, onBlocked }: { stream: MediaStream; speaker: string | null; onBlocked: () => void }) {
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const element = audio.current;
    if (element === null) return;
    element.srcObject = stream;
    element.play().catch((error: unknown) => {
      // Other errors only say that the element went away meanwhile.
      if (error instanceof DOMException && error.name === 'NotAllowedError') onBlocked();
    });
  }, [stream]);
  useEffect(() => {
    if (speaker !== null && audio.current !== null && 'setSinkId' in audio.current) {
      void audio.current.setSinkId(speaker).catch(() => undefined);
    }
  }, [speaker]);
  return <audio ref={audio} autoPlay />;
}
