// Camera, microphone and speaker to try out: in the page before the door, in the lobby, and from within the class.

import { useEffect, useId, useRef, useState } from 'preact/hooks';

import type { Capture, Fault, Kind } from '../../media/capture';
import type { Choice } from '../../media/devices';
import { playTest, watchLevel } from '../../media/sound';
import { words } from '../../text/text';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { announce } from '../../ui/announcer';
import { useAttendance } from '../class/attendance';

export function DeviceTryout() {
  // Whoever only listens and watches has nothing but the sound to try.
  if (useAttendance().observes) return <SpeakerTryout />;
  return (
    <div class="devices">
      <CameraTryout />
      <div class="devices-sound">
        <MicrophoneTryout />
        <SpeakerTryout />
      </div>
    </div>
  );
}

function CameraTryout() {
  const { devices } = useAttendance();
  const t = words().tryout;
  const capture = devices.camera.capture.value;
  return (
    <div class="device">
      <div class="mirror" data-theme="dark">
        {capture.is === 'on' ? (
          <Mirror track={capture.track} />
        ) : (
          <span class="mirror-off">
            <Icon name="camera-off" />
            {t.cameraOff}
          </span>
        )}
      </div>
      <Toggle kind="camera" capture={capture} />
      <Trouble kind="camera" capture={capture} />
      <Chooser
        label={t.camera}
        choices={devices.choices.value.cameras}
        onChoose={(id) => void devices.camera.choose(id)}
      />
    </div>
  );
}

function Mirror({ track }: { track: MediaStreamTrack }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = new MediaStream([track]);
  }, [track]);
  return <video ref={video} class="mirrored" autoPlay muted playsInline aria-label={words().tryout.preview} />;
}

function MicrophoneTryout() {
  const { devices, familiar } = useAttendance();
  const t = words().tryout;
  const capture = devices.microphone.capture.value;
  return (
    <div class="device">
      <Toggle kind="microphone" capture={capture} />
      {capture.is === 'on' && (
        <>
          <Level track={capture.track} />
          <p class="hint">{t.speak(familiar)}</p>
        </>
      )}
      <Trouble kind="microphone" capture={capture} />
      <Chooser
        label={t.microphone}
        choices={devices.choices.value.microphones}
        onChoose={(id) => void devices.microphone.choose(id)}
      />
    </div>
  );
}

function Level({ track }: { track: MediaStreamTrack }) {
  const meter = useRef<HTMLMeterElement>(null);
  useEffect(
    () =>
      watchLevel(track, (level) => {
        if (meter.current !== null) meter.current.value = level;
      }),
    [track],
  );
  return <meter ref={meter} class="level" min={0} max={1} value={0} aria-label={words().tryout.level} />;
}

function SpeakerTryout() {
  const { devices } = useAttendance();
  const t = words().tryout;
  const [state, setState] = useState<'idle' | 'playing' | 'impossible'>('idle');
  const test = () => {
    const lengthMs = playTest(devices.speaker.value);
    if (lengthMs === 0) return setState('impossible');
    setState('playing');
    announce(t.testing);
    setTimeout(() => setState('idle'), lengthMs);
  };
  return (
    <div class="device">
      <Button icon="speaker" onClick={test}>
        {t.testSound}
      </Button>
      {state === 'playing' && <p class="hint">{t.testing}</p>}
      {state === 'impossible' && <p class="hint">{t.noTest}</p>}
      <Chooser
        label={t.speaker}
        choices={devices.choices.value.speakers}
        onChoose={(id) => (devices.speaker.value = id)}
      />
    </div>
  );
}

/** The name stays the same; whether it is on is said by its pressed state, its icon and its border. */
function Toggle({ kind, capture }: { kind: Kind; capture: Capture }) {
  const { media } = useAttendance();
  const t = words();
  const isOn = capture.is === 'on';
  return (
    <Button
      class="device-toggle"
      icon={isOn ? kind : `${kind}-off`}
      aria-pressed={isOn}
      busy={capture.is === 'starting'}
      onClick={() => void media.toggle(kind)}
    >
      {t.tryout[kind]}
      <span class="device-state">{isOn ? t.tryout.isOn[kind] : t.tryout.isOff[kind]}</span>
    </Button>
  );
}

function Trouble({ kind, capture }: { kind: Kind; capture: Capture }) {
  const { familiar } = useAttendance();
  const fault: Fault | null = capture.is === 'faulty' ? capture.fault : null;
  if (fault === null) return null;
  return (
    <div class="notice attention" role="alert">
      <Icon name="warning" />
      <p>{words().tryout.faults[kind][fault](familiar)}</p>
    </div>
  );
}

/** Shown only where there is something to choose from. */
function Chooser({ label, choices, onChoose }: { label: string; choices: Choice[]; onChoose: (id: string | null) => void }) {
  const id = useId();
  if (choices.length < 2) return null;
  return (
    <div class="field">
      <label class="label" for={id}>
        {label}
      </label>
      <select class="input" id={id} onChange={(event) => onChoose(event.currentTarget.value || null)}>
        <option value="">{words().tryout.byDefault}</option>
        {choices.map((choice) => (
          <option key={choice.id} value={choice.id}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}
