const MAX_LENGTH = 80;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Makes the name of a thing of the name of its file, at most 80 characters: `red-panda.jpg` becomes `Red panda`, and
 * `IMG_1234.JPG` becomes `IMG 1234`.
 */
export function nameOfFile(filename: string): string {
  const words = filename
    .slice(0, 1_000)
    .normalize('NFC')
    .replace(/\.[a-z0-9]{1,5}$/i, '')
    // Control characters, and those that change the writing direction.
    .replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu, ' ')
    // A hyphen between digits is part of a date or a number.
    .replace(/_|(?<!\d)-|-(?!\d)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const name = cut(words) || 'Picture';
  // Only a name in small letters: "iPhone" is written on purpose.
  return /\p{Lu}/u.test(name.split(' ')[0] ?? '')
    ? name
    : name.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

/** Adds a number to a name that is taken: `Red panda 2`. It stays within the length. */
export const numberedName = (name: string, number: number): string =>
  number === 1 ? name : `${cut(name, MAX_LENGTH - String(number).length - 1)} ${number}`;

// Code points are counted, and nothing that a reader sees as one letter is cut.
function cut(text: string, most = MAX_LENGTH): string {
  if ([...text].length <= most) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if ([...kept, ...segment].length > most) break;
    kept += segment;
  }
  return kept.trim();
}
