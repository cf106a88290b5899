// Graphs of a story over time, one above the other, as an SVG that any browser shows.

const [WIDTH, PANEL, GAP, LEFT, RIGHT, TOP] = [900, 130, 34, 70, 150, 40];
const COLOURS = ['#1f5fbf', '#c0392b', '#2e8b57', '#8e44ad', '#b8860b', '#555555'];

const escape = (text) => String(text).replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

/**
 * `panels`: `[{ title, unit, lines: [{ name, points: [[seconds, value], …] }] }]`; `marks`: what changed when.
 * Returns the SVG's text.
 */
export function graph(title, panels, marks = []) {
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  const end_s = Math.max(1, ...points.map(([at]) => at));
  const x = (at) => LEFT + (at / end_s) * (WIDTH - LEFT - RIGHT);
  const height = TOP + panels.length * (PANEL + GAP) + 20;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="22" font-size="15" font-weight="bold">${escape(title)}</text>`,
  ];
  panels.forEach((panel, i) => parts.push(...drawn(panel, TOP + i * (PANEL + GAP) + 16, x)));
  for (const { at_s, what } of marks) {
    const at = x(at_s).toFixed(1);
    parts.push(`<line x1="${at}" y1="${TOP}" x2="${at}" y2="${height - 20}" stroke="#999999" stroke-dasharray="4 3"/>`);
    parts.push(`<text x="${at}" y="${TOP - 4}" fill="#666666">${escape(what)}</text>`);
  }
  for (let at = 0; at <= end_s; at += end_s > 40 ? 10 : 5) {
    parts.push(`<text x="${x(at).toFixed(1)}" y="${height - 8}" text-anchor="middle" fill="#666666">${at} s</text>`);
  }
  return [...parts, '</svg>', ''].join('\n');
}

function drawn({ title, unit, lines }, top, x) {
  const most = Math.max(1e-9, ...lines.flatMap(({ points }) => points.map(([, value]) => value)));
  const y = (value) => top + PANEL - (value / most) * PANEL;
  const parts = [
    `<text x="${LEFT}" y="${top - 4}">${escape(title)}</text>`,
    `<rect x="${LEFT}" y="${top}" width="${WIDTH - LEFT - RIGHT}" height="${PANEL}" fill="none" stroke="#cccccc"/>`,
    `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end" fill="#666666">${Math.round(most * 10) / 10} ${escape(unit)}</text>`,
    `<text x="${LEFT - 6}" y="${top + PANEL}" text-anchor="end" fill="#666666">0</text>`,
  ];
  lines.forEach(({ name, points }, i) => {
    const path = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const colour = COLOURS[i % COLOURS.length];
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`);
    parts.push(`<text x="${WIDTH - RIGHT + 10}" y="${top + 14 + i * 16}" fill="${colour}">${escape(name)}</text>`);
  });
  return parts;
}

/** The panels of a watch: what everybody received, how large the pictures were, how smooth, and what got lost. */
export function panels(watch) {
  const names = Object.keys(watch.people);
  const series = (name, value) => ({ name, points: watch.moments.flatMap((now, i) => point(now, watch.moments[i - 1], name, value)) });
  const all = (value) => names.map((name) => series(name, value));
  const rate = (key) => (now, before, seconds) => (now[key] - before[key]) / seconds;
  const way = (key) => (now, before, seconds) => (now.way ? (now.way.down[key] - before.way.down[key]) / seconds : null);
  const shaped = names.filter((name) => watch.moments.some(({ seen }) => seen[name].way));
  return [
    { title: 'received', unit: 'kbit/s', lines: all((now, before, s) => (rate('bytes')(now, before, s) * 8) / 1000) },
    { title: 'believed by the server', unit: 'kbit/s', lines: all((now) => now.link?.down_kbps ?? null) },
    { title: 'height of the picture', unit: 'px', lines: all((now) => now.height) },
    { title: 'frames decoded', unit: '/s', lines: all(rate('frames')) },
    { title: 'frozen', unit: 's/s', lines: all(rate('frozen_s')) },
    { title: 'sound made up', unit: '%', lines: all((now, before) => (100 * (now.concealed - before.concealed)) / Math.max(1, now.samples - before.samples)) },
    { title: 'packets lost on the way down', unit: '/s', lines: shaped.flatMap((name) => [
      { ...series(name, way('lost')), name: `${name}, by chance` }, { ...series(name, way('overflowed')), name: `${name}, queue full` }]) },
    { title: 'waiting on the way down', unit: 'kB', lines: shaped.map((name) => series(name, (now) => (now.way ? now.way.down.queued_bytes / 1000 : null))) },
    { title: 'sent', unit: 'kbit/s', lines: all((now, before, s) => (rate('sent_bytes')(now, before, s) * 8) / 1000) },
  ];
}

function point(now, before, name, value) {
  if (before === undefined) return [];
  const found = value(now.seen[name], before.seen[name], now.at_s - before.at_s);
  return found === null ? [] : [[now.at_s, Math.max(0, found)]];
}
