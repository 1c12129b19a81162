import { createRequire } from 'node:module';
import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { LRUCache } from 'lru-cache';

/** The position and style of a line of text. */
export interface Line {
  x: number;
  y: number;
  /** The largest width, in pixels. */
  width: number;
  /** The font size, in pixels. */
  size: number;
  weight: number;
  fill: string;
}

/**
 * SVG for one line of text, as large as fits. When it is too wide in the least size, it ends in an ellipsis.
 */
export function fitted(text: string, { least, ...line }: Line & { least: number }): string {
  const letters = drawable(text);
  const whole = letters.join('');
  const size = Math.min(line.size, Math.max((line.size * line.width) / measured(whole, line), least));
  const smaller = { ...line, size };
  if (measured(whole, smaller) <= line.width + 1) return textOf(whole, smaller);
  let [fits, tooMany] = [1, letters.length];
  while (tooMany - fits > 1) {
    const half = (fits + tooMany) >> 1;
    if (measured(`${letters.slice(0, half).join('')}…`, smaller) <= line.width) fits = half;
    else tooMany = half;
  }
  return textOf(`${letters.slice(0, fits).join('').trimEnd()}…`, smaller);
}

/** The position and style of several lines of text. `y` is for the first line. */
interface Lines extends Line {
  /** The smallest font size, in pixels. */
  least: number;
  /** The largest number of lines. */
  most: number;
  /** Whether `y` is for the last line instead. */
  above?: boolean;
}

/**
 * SVG for several lines of one size, broken between words. A line that is too wide in the least size ends in
 * an ellipsis.
 */
export function lines(text: string, { least, most, above = false, ...line }: Lines): string {
  const words = drawable(text).join('').split(/\s+/u);
  let size = line.size;
  let broken = breakWords(words, { ...line, size }, most);
  while (size > least && broken.some((part) => measured(part, { ...line, size }) > line.width)) {
    size = Math.max(size * 0.9, least);
    broken = breakWords(words, { ...line, size }, most);
  }
  const top = above ? line.y - (broken.length - 1) * size * 1.1 : line.y;
  return broken
    .map((part, index) => fitted(part, { ...line, size, least: size, y: top + index * size * 1.1 }))
    .join('');
}

/** The width of a text, in pixels. */
export function widthOf(text: string, line: Pick<Line, 'size' | 'weight'>): number {
  return measured(drawable(text).join(''), line);
}

/** The first visible character of a text; empty when none can be drawn. */
export const firstLetter = (text: string): string => drawable(text)[0] ?? '';

/** The fonts that a text needs. */
export function fontsFor(text: string): NonNullable<ResvgRenderOptions['font']> {
  const fontFiles = BASIC.test(text) ? basicFonts : [...basicFonts, ...extraFonts];
  return { loadSystemFonts: text.search(FOREIGN) >= 0, fontFiles, defaultFontFamily: 'Nunito' };
}

/** Escapes text for XML, so that it cannot contain markup. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function breakWords(words: string[], line: Line, most: number): string[] {
  const broken: string[] = [];
  for (const word of words) {
    const longer = `${broken.at(-1) ?? ''} ${word}`.trim();
    if (broken.length > 0 && (broken.length === most || measured(longer, line) <= line.width))
      broken[broken.length - 1] = longer;
    else broken.push(word);
  }
  return broken;
}

function textOf(text: string, { x, y, size, weight, fill }: Line): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="${round(size)}" font-weight="${weight}" fill="${fill}">${escapeXml(text)}</text>`;
}

// Measured at one size and scaled. A character of a script without own fonts is taken to be square.
function measured(text: string, { size, weight }: Pick<Line, 'size' | 'weight'>): number {
  const key = `${weight} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    const line = textOf(text.replace(FOREIGN, ''), {
      x: 0,
      y: 200,
      width: 0,
      size: 100,
      weight,
      fill: '#000',
    });
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40000" height="400" font-family="Nunito">${line}</svg>`;
    const foreign = text.match(FOREIGN)?.length ?? 0;
    width =
      (new Resvg(svg, { font: { ...fontsFor(text), loadSystemFonts: false } }).getBBox()?.width ?? 0) / 100 +
      foreign;
    widths.set(key, width);
  }
  return width * size;
}

const widths = new LRUCache<string, number>({ max: 2_000 });

const round = (value: number): number => Math.round(value * 10) / 10;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

// Returns the visible characters, without those that XML does not allow and those that change the writing
// direction. The renderer can't join emoji, so of a joined emoji it gets only the first part, and it gets no
// flags. It also loses emoji beside letters that join. So an f is kept from joining, and emoji in
// right-to-left text are left out.
function drawable(text: string): string[] {
  const letters = Array.from(graphemes.segment(text.slice(0, 300)), ({ segment }) =>
    EMOJI.test(segment) ? ([...segment][0] ?? '') : segment.replace(UNDRAWABLE, ''),
  ).filter((letter) => letter !== '');
  if (!letters.some((letter) => EMOJI.test(letter))) return letters;
  if (RIGHT_TO_LEFT.test(text)) return letters.filter((letter) => !EMOJI.test(letter));
  return letters.map((letter) => (letter === 'f' ? 'f\u200c' : letter));
}

const EMOJI = /(?!\p{Regional_Indicator})\p{Emoji_Presentation}|\p{Extended_Pictographic}/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
const UNDRAWABLE =
  /[\p{Cc}\p{Cs}\p{Cn}\p{Co}\p{Regional_Indicator}\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]/gu;

// A machine may have no fonts, so these come with the site: Nunito, then DejaVu and the emoji of Noto for
// what Nunito lacks. For any other script the fonts of the machine are loaded, which takes longer.
const { resolve } = createRequire(import.meta.url);
const basicFonts = [
  '@expo-google-fonts/nunito/800ExtraBold/Nunito_800ExtraBold.ttf',
  '@expo-google-fonts/nunito/600SemiBold/Nunito_600SemiBold.ttf',
].map((file) => resolve(file));
const extraFonts = [
  'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
  '@expo-google-fonts/noto-emoji/700Bold/NotoEmoji_700Bold.ttf',
].map((file) => resolve(file));

const BASIC = /^[\t\n -\u017f\u2010-\u2026]*$/u;
const FOREIGN =
  /[^\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Armenian}\p{Script=Georgian}\p{Script=Common}\p{Script=Inherited}]/gu;
