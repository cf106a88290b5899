// What a person at a Chromium waits for: the teacher's picture after “admit”, and after a crash of the server.

import { School, words } from '../browser/school.mjs';
import { median, quantile } from './median.mjs';

const RUNS = 10;
const CRASHES = 3;

const school = await School.open({ profile: 'release' });
const admit = await admits();
const crash = await crashes();
await school.close();
console.log(
  JSON.stringify({
    admit_to_first_frame_ms_p50: Math.round(median(admit)),
    admit_to_first_frame_ms_p95: Math.round(quantile(admit, 0.95)),
    crash_to_picture_s: Math.round(median(crash) / 10) / 100,
  }),
);

/** From the request that the teacher's click sends, to the student's first decoded frame of the teacher. */
async function admits() {
  const names = Array.from({ length: RUNS }, (_, n) => `Student ${n + 1}`);
  const lesson = await school.makeClass(names);
  const ada = await school.teacher(lesson);
  await ada.toggle('camera');
  const times = [];
  for (const name of names) {
    const student = await school.knock(lesson, name);
    await student.tab.isAt('waiting');
    await ada.press(words.class.door.admitNamed(name));
    const of = (person) => window.kept.firstFrames.find((frame) => frame.person === person)?.at;
    await student.tab.until(of, lesson.persons.Ada, 'the teacher’s first frame');
    const shown = await student.tab.evaluate(of, lesson.persons.Ada);
    const asked = await ada.tab.evaluate(() => window.kept.sent.filter((one) => one.text.includes('"admit"')).pop().at);
    times.push(shown - asked);
    console.log(`${name}: ${Math.round(shown - asked)} ms from admit to the first frame`);
    await student.profile.close();
  }
  await school.goHome();
  return times;
}

/** From the server being up again after SIGKILL, to moving picture in a student's browser. Nobody is readmitted. */
async function crashes() {
  const times = [];
  for (let n = 0; n < CRASHES; n += 1) {
    const lesson = await school.makeClass(['Noé', 'Zoé']);
    const ada = await school.teacher(lesson);
    await ada.toggle('camera');
    const students = [];
    for (const name of ['Noé', 'Zoé']) {
      const student = await school.knock(lesson, name);
      await ada.press(words.class.door.admitNamed(name));
      await student.tab.isAt('seated');
      await student.sees(5);
      students.push(student);
    }
    for (const student of students) await student.tab.evaluate(() => (window.kept.firstFrames.length = 0));
    await school.server.crash();
    await school.server.restart();
    const up = Date.now();
    let last = 0;
    for (const student of students) {
      const first = (person) => window.kept.firstFrames.find((frame) => frame.person === person)?.at;
      await student.tab.until(first, lesson.persons.Ada, 'a picture after the crash');
      last = Math.max(last, (await student.tab.evaluate(first, lesson.persons.Ada)) - up);
      await student.sees(5);
    }
    times.push(last);
    console.log(`${Math.round(last)} ms from the server being up to moving pictures`);
    await school.goHome();
  }
  return times;
}
