// The few sounds that Préau makes itself, drawn with oscillators so that nothing has to be loaded; and the level of a voice.

/** How often a level meter is refreshed: smooth to the eye, nothing to the processor. */
const LEVEL_EVERY_MS = 60;

let shared: AudioContext | null = null;

/** One context for the page: browsers allow only a few. It wakes with the first gesture of the person. */
function context(): AudioContext | null {
  if (typeof AudioContext === 'undefined') return null;
  shared ??= new AudioContext();
  if (shared.state === 'suspended') void shared.resume().catch(() => undefined);
  return shared;
}

interface Note {
  hertz: number;
  startS: number;
  lengthS: number;
  gain: number;
}

/** Two soft knocks on wood, for the teacher. */
const KNOCK: readonly Note[] = [
  { hertz: 392, startS: 0, lengthS: 0.12, gain: 0.12 },
  { hertz: 330, startS: 0.16, lengthS: 0.2, gain: 0.1 },
];
/** Three rising notes, long enough to find the volume by. */
const TEST: readonly Note[] = [
  { hertz: 392, startS: 0, lengthS: 0.45, gain: 0.2 },
  { hertz: 494, startS: 0.4, lengthS: 0.45, gain: 0.2 },
  { hertz: 587, startS: 0.8, lengthS: 0.9, gain: 0.2 },
];
/** Come in. */
const ADMITTED: readonly Note[] = [
  { hertz: 440, startS: 0, lengthS: 0.2, gain: 0.1 },
  { hertz: 587, startS: 0.15, lengthS: 0.4, gain: 0.1 },
];

/** One's turn in the line: the same twice, for somebody who has looked away. */
const TURN: readonly Note[] = [
  { hertz: 494, startS: 0, lengthS: 0.25, gain: 0.15 },
  { hertz: 659, startS: 0.2, lengthS: 0.5, gain: 0.15 },
  { hertz: 494, startS: 0.9, lengthS: 0.25, gain: 0.15 },
  { hertz: 659, startS: 1.1, lengthS: 0.6, gain: 0.15 },
];

export function playKnock(): void {
  play(KNOCK, null);
}

export function playAdmitted(): void {
  play(ADMITTED, null);
}

export function playTurn(): void {
  play(TURN, null);
}

/** Plays the test through the chosen speaker; the answer says for how long, 0 when this browser can't. */
export function playTest(speaker: string | null): number {
  return play(TEST, speaker) ? 1_700 : 0;
}

function play(notes: readonly Note[], speaker: string | null): boolean {
  const audio = context();
  if (audio === null) return false;
  if ('setSinkId' in audio && typeof audio.setSinkId === 'function') {
    void (audio.setSinkId as (id: string) => Promise<void>)(speaker ?? '').catch(() => undefined);
  }
  for (const note of notes) {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    const start = audio.currentTime + note.startS;
    tone.frequency.value = note.hertz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(note.gain, start + 0.01);
    gain.gain.exponentialRampToValueAtTime(0.0001, start + note.lengthS);
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + note.lengthS);
  }
  return true;
}

/** Tells the level of a voice, 0 to 1, until the answer is called. */
export function watchLevel(track: MediaStreamTrack, tell: (level: number) => void): () => void {
  const audio = context();
  if (audio === null) return () => undefined;
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = audio.createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    tell(levelOf(samples));
  }, LEVEL_EVERY_MS);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}

/** From −60 dB (0) to −6 dB (1): where a voice lives. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 54));
}
