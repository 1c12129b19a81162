/** The kinds of pictures that are read. Everything else is refused. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'heic';

/**
 * Recognises a picture by its first bytes, whatever its name says.
 * @returns its format; `svg` for a drawing as text; undefined for everything else
 */
export function recognisePicture(bytes: Uint8Array): PictureFormat | 'svg' | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).toString('latin1');
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (/^GIF8[79]a/.test(start)) return 'gif';
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') return 'webp';
  if (start.slice(4, 8) === 'ftyp') return readBrands(start);
  return /<svg[\s>]/i.test(start) ? 'svg' : undefined;
}

// ISO/IEC 14496-12, 4.3: the file type box has its length, a main brand, a version, and the compatible brands.
function readBrands(start: string): PictureFormat | undefined {
  const length = Buffer.from(start.slice(0, 4), 'latin1').readUInt32BE();
  const brands = [start.slice(8, 12), ...(start.slice(16, length).match(/.{4}/gs) ?? [])];
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'avif';
  return brands.some((brand) => HEIC_BRANDS.has(brand)) ? 'heic' : undefined;
}

const HEIC_BRANDS = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']);
