// How a stack in a process of its own is spoken to: one JSON object a line.
//
// A stack says `{"offer":{"sdp","send","receive"}}` at once. It is told `{"answer":{"sdp"}}`, `{"publish":{}}` (its
// microphone and camera, from now on), `{"keyframe":{}}` (ask for one) and `{"report":{}}`, which it answers with
// `{"report":{"audio","video","repairs","sent"}}`. It ends with its input.

import { createInterface } from 'node:readline';

export async function talk(stack) {
  const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
  say({ offer: await stack.offer() });
  for await (const line of createInterface({ input: process.stdin })) {
    const [[ask, given]] = Object.entries(JSON.parse(line));
    const answer = await stack[ask](given);
    if (ask === 'report') say({ report: answer });
  }
  process.exit(0);
}

/** Sections in the order in which every stack here makes them. */
export const SECTIONS = ['microphone', 'camera', 'screen', 'screen_audio', 'voice', 'voice', 'voice', 'shown_audio', 'shown', 'face'];
export const isVideo = (section) => ['camera', 'screen', 'shown', 'face'].includes(section);
export const isSent = (section) => ['microphone', 'camera', 'screen', 'screen_audio'].includes(section);

/** The names of sections, given their MIDs in the order of `SECTIONS`. */
export function named(mids) {
  const [microphone, camera, screen, screen_audio, one, two, three, shown_audio, shown, face] = mids;
  return {
    send: { microphone, camera, screen, screen_audio },
    receive: { audio: [one, two, three], screen: shown, screen_audio: shown_audio, video: [face] },
  };
}
