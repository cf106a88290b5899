import { expect, test } from 'vitest';

import { drawQr } from './qr';

/** The drawing turned back into modules. */
function modules({ path, size }: { path: string; size: number }): boolean[][] {
  const rows = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/gu)) {
    rows[Number(y)]?.fill(true, Number(x), Number(x) + Number(width));
  }
  return rows;
}

test('the three finder patterns stand in their corners, inside a white border of four modules', () => {
  const drawing = drawQr(`https://preau.example/#in=${'a'.repeat(43)}`);
  const dark = modules(drawing);
  const finder = ['1111111', '1000001', '1011101', '1011101', '1011101', '1000001', '1111111'];
  const block = (left: number, top: number) =>
    dark.slice(top, top + 7).map((row) => row.slice(left, left + 7).map(Number).join(''));
  const far = drawing.size - 4 - 7;
  expect(block(4, 4)).toEqual(finder);
  expect(block(far, 4)).toEqual(finder);
  expect(block(4, far)).toEqual(finder);
  const border = dark.filter((_, y) => y < 4 || y >= drawing.size - 4);
  expect(border.flat()).not.toContain(true);
});
