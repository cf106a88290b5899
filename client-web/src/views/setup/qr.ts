// A link as a QR code (ISO/IEC 18004), drawn as one SVG path.

import { encode } from 'uqr';

/** Modules of white around the code, as the standard asks. */
const QUIET = 4;

export interface QrDrawing {
  /** Width and height, in modules, quiet zone included. */
  size: number;
  path: string;
}

export function drawQr(text: string): QrDrawing {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET });
  return { size, path: data.map(rowPath).join('') };
}

/** Runs of dark modules as rectangles one module high. */
function rowPath(row: boolean[], y: number): string {
  let path = '';
  for (let x = 0; x < row.length; x += 1) {
    if (!row[x]) continue;
    const start = x;
    while (row[x + 1]) x += 1;
    const width = x + 1 - start;
    path += `M${start} ${y}h${width}v1h-${width}z`;
  }
  return path;
}
