import { encode } from 'uqr';

/** A QR code as the parts of an SVG. */
export interface QrCode {
  /** The side of its `viewBox`, in modules, with the empty border that readers need. */
  size: number;
  /** The path of its dark modules. */
  path: string;
}

/** Makes the QR code of a text. Up to 15 of 100 modules may be covered or dirty. */
export function qrCodeOf(text: string): QrCode {
  const { size, data } = encode(text, { ecc: 'M', border: 4 });
  const rows = data.map((row, y) => {
    let path = '';
    for (let x = 0; x < size; x++) {
      if (!row[x]) continue;
      const start = x;
      while (row[x + 1]) x++;
      path += `M${start} ${y}h${x + 1 - start}v1h-${x + 1 - start}z`;
    }
    return path;
  });
  return { size, path: rows.join('') };
}
