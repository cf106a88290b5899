// Moments as people say them: « Demain à 8 h 30 », "In 12 minutes".

import type { Language, Words } from './text';

const MINUTE_MS = 60_000;
/** Nearer than this, minutes left say more than the clock. */
const SOON_MS = 60 * MINUTE_MS;
/** Until then after its start a class is "now", not "earlier". */
const JUST_BEGUN_MS = 10 * MINUTE_MS;

/** When something begins, seen from `now`, in the time zone of this browser. Starts with a capital letter. */
export function sayWhen(at: number, now: number, language: Language, { time }: Words): string {
  const left = at - now;
  if (left > -JUST_BEGUN_MS && left < MINUTE_MS) return time.now;
  if (left > 0 && left < SOON_MS) return time.inMinutes(Math.round(left / MINUTE_MS));
  return sayMoment(at, now, language, { time });
}

/** The time of day, in the time zone of this browser. */
export function sayClock(at: number, { time }: Pick<Words, 'time'>): string {
  const moment = new Date(at);
  return time.clock(moment.getHours(), moment.getMinutes());
}

/** A day and a time, the day by its nearness to `now`. Starts with a capital letter. */
export function sayMoment(at: number, now: number, language: Language, { time }: Pick<Words, 'time'>): string {
  const moment = new Date(at);
  const clock = sayClock(at, { time });
  switch (daysBetween(new Date(now), moment)) {
    case -1:
      return time.yesterday(clock);
    case 0:
      return time.today(clock);
    case 1:
      return time.tomorrow(clock);
    default:
      return time.on(time.day(sayDay(moment, new Date(now), language)), clock);
  }
}

/** A day and a time in full, for paper: it is not known when it will be read. */
export function sayDate(at: number, language: Language, { time }: Pick<Words, 'time'>): string {
  const moment = new Date(at);
  return time.on(time.day(sayDay(moment, moment, language)), sayClock(at, { time }));
}

function sayDay(day: Date, now: Date, language: Language): string {
  const format = new Intl.DateTimeFormat(language === 'fr' ? 'fr-FR' : 'en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    ...(day.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }),
  });
  const text = format.format(day);
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1);
}

/** Whole calendar days, whatever daylight saving does to their length. */
function daysBetween(from: Date, to: Date): number {
  const midnight = (day: Date) => Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
  return (midnight(to) - midnight(from)) / 86_400_000;
}
