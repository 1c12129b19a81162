import { createRequire } from 'node:module';
import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { LRUCache } from 'lru-cache';

/** A line of text and where it goes. */
export interface Line {
  x: number;
  y: number;
  /** Pixels that it may take. */
  width: number;
  /** Of the letters, in pixels. */
  size: number;
  weight: number;
  fill: string;
}

/** One line of text, as large as it may be; if the least size is still too wide, it ends in an ellipsis. */
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

/** Several lines of text, of which `y` is the first one's. */
export interface Lines extends Line {
  least: number;
  most: number;
  /** Whether `y` is the last one's instead. */
  above?: boolean;
}

/** Several lines of one size, broken between words; in the least size, a line too long ends in an ellipsis. */
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

/** How wide a text comes out, in pixels. */
export function widthOf(text: string, line: Pick<Line, 'size' | 'weight'>): number {
  return measured(drawable(text).join(''), line);
}

/** The first character of a text as people see them; empty when none can be drawn. */
export const firstLetter = (text: string): string => drawable(text)[0] ?? '';

/** The fonts that a text needs. */
export function fontsFor(text: string): NonNullable<ResvgRenderOptions['font']> {
  const fontFiles = USUAL.test(text) ? usual : [...usual, ...rarer];
  return { loadSystemFonts: text.search(FOREIGN) >= 0, fontFiles, defaultFontFamily: 'Nunito' };
}

/** Text as XML writes it, so that no markup in it is any. */
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

// Measured at one size for all: the rest is proportion. What only the machine's fonts know is taken for square.
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

// One character at a time as people see them. Left out is what is no character in XML, and what turns the direction
// of writing. The renderer joins no emoji, so it gets the first of a family, and no flags; and it puts none beside
// letters that join, so an f is kept from joining, and emoji beside right-to-left writing are left out.
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

// Machines may have no fonts at all, so those that are drawn with come along: Nunito, and for what it has not, DejaVu
// and the emoji of Noto. For any other script, what fonts the machine has are looked through, which takes longer.
const { resolve } = createRequire(import.meta.url);
const usual = [
  '@expo-google-fonts/nunito/800ExtraBold/Nunito_800ExtraBold.ttf',
  '@expo-google-fonts/nunito/600SemiBold/Nunito_600SemiBold.ttf',
].map((file) => resolve(file));
const rarer = [
  'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf',
  '@expo-google-fonts/noto-emoji/700Bold/NotoEmoji_700Bold.ttf',
].map((file) => resolve(file));

const USUAL = /^[\t\n -\u017f\u2010-\u2026]*$/u;
const FOREIGN =
  /[^\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Armenian}\p{Script=Georgian}\p{Script=Common}\p{Script=Inherited}]/gu;
