import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { Resvg, type ResvgRenderOptions, renderAsync } from '@resvg/resvg-js';
import { LRUCache } from 'lru-cache';
import { root } from '../config.js';
import type { Share } from './shares.js';

/** The picture that messengers show beside a link, in pixels. */
export const CARD = { width: 1200, height: 630 } as const;

/** A card as it is before it is drawn, and what tells two of them apart. */
export interface Card {
  svg: string;
  /** All that is written on it. */
  texts: string;
  etag: string;
}

/** Lays a shared Top out as a card. Whatever people typed is text in it: no markup of theirs gets through. */
export function cardOf({ topic, name, things }: Pick<Share, 'topic' | 'name' | 'things'>): Promise<Card> {
  const key = JSON.stringify([topic, name, things]);
  const known = cards.get(key);
  if (known) return known;
  const card = layOut({ topic, name, things });
  cards.set(key, card);
  card.catch(() => cards.delete(key));
  return card;
}

const cards = new LRUCache<string, Promise<Card>>({ max: 200 });

async function layOut({ topic, name, things }: Pick<Share, 'topic' | 'name' | 'things'>): Promise<Card> {
  const rows = await Promise.all(things.map((thing, index) => rowOf(thing, index, things.length)));
  const whose = `${name ?? 'Someone'}’s Top ${things.length}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD.width}" height="${CARD.height}" viewBox="0 0 ${CARD.width} ${CARD.height}" font-family="Nunito">
<rect width="400" height="630" fill="#5b45e0"/>
<circle cx="372" cy="596" r="190" fill="#4f39d8"/>
<rect x="-70" y="-106" width="250" height="250" rx="80" fill="#ff7a45"/>
<rect x="400" width="800" height="630" fill="#fbf9f5"/>
${lines(whose, { x: 56, y: 226, width: 310, size: 34, least: 22, weight: 600, most: 2, above: true, fill: '#e9e4ff' })}
${lines(topic, { x: 56, y: 298, width: 310, size: 62, least: 28, weight: 800, most: 3, fill: '#ffffff' })}
<g transform="translate(56 522) scale(1.5)"><rect x="1" y="7" width="18" height="18" rx="6" fill="#ff7a45"/><circle cx="21.5" cy="16" r="9.5" fill="#ffffff"/><path d="m17.4 16.3 2.9 2.9 5.4-5.8" fill="none" stroke="#5b45e0" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></g>
<text x="116" y="558" font-size="32" font-weight="800" fill="#ffffff">Thinga</text>
${rows.join('\n')}
</svg>`;
  const texts = [topic, whose, ...things.map((thing) => thing.name)].join('\n');
  return { svg, texts, etag: `"${createHash('sha256').update(svg).digest('base64url').slice(0, 22)}"` };
}

/** Draws a card as PNG, off the main thread; the last ones drawn are kept. */
export function drawCard({ svg, texts, etag }: Card): Promise<Buffer> {
  const known = drawn.get(etag);
  if (known) return known;
  const png = renderAsync(svg, { font: fontsFor(texts, texts.search(FOREIGN) >= 0) }).then((image) =>
    image.asPng(),
  );
  drawn.set(etag, png);
  png.catch(() => drawn.delete(etag));
  return png;
}

const drawn = new LRUCache<string, Promise<Buffer>>({ max: 100 });

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

function fontsFor(text: string, loadSystemFonts = false): NonNullable<ResvgRenderOptions['font']> {
  const fontFiles = USUAL.test(text) ? usual : [...usual, ...rarer];
  return { loadSystemFonts, fontFiles, defaultFontFamily: 'Nunito' };
}

async function rowOf(thing: Share['things'][number], index: number, size: number): Promise<string> {
  const { columns, height, picture, font } =
    size <= 3 ? layouts.few : size <= 5 ? layouts.some : layouts.many;
  const perColumn = Math.ceil(size / columns);
  const width = 744 / columns;
  const [x, y] = [432 + Math.floor(index / perColumn) * width, (630 - perColumn * height) / 2];
  const middle = y + (index % perColumn) * height + height / 2;
  const [number, gap] = [font * 1.35, columns === 1 ? 24 : 12];
  const left = x + number + picture + 2 * gap;
  const named = { x: left, y: middle + font * 0.35, width: x + width - left - 20, size: font, weight: 800 };
  const place = `<text x="${x + number}" y="${middle + font * 0.35}" font-size="${font * 0.85}" font-weight="800" fill="#635d73" text-anchor="end">${thing.place}</text>`;
  const square = { x: x + number + gap, y: middle - picture / 2, size: picture };
  if (thing.name === undefined)
    return `${place}${fitted('taken down since', { ...named, weight: 600, least: 18, fill: '#635d73' })}`;
  return `${place}${(await pictureOf(thing.picture, square)) ?? letterOf(thing.name, square)}${nameOf(thing.name, named)}`;
}

const layouts = {
  few: { columns: 1, height: 180, picture: 140, font: 56 },
  some: { columns: 1, height: 114, picture: 92, font: 44 },
  many: { columns: 2, height: 114, picture: 72, font: 28 },
};

interface Square {
  x: number;
  y: number;
  size: number;
}

const types: Record<string, string> = {
  '.svg': 'svg+xml',
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
  '.gif': 'gif',
};
const LARGEST = 500_000;
const pictures = new LRUCache<string, Promise<string | undefined>>({ max: 200 });

async function pictureOf(picture: string | null, { x, y, size }: Square): Promise<string | undefined> {
  if (!picture) return undefined;
  let href = pictures.get(picture);
  if (!href) {
    href = readPicture(picture);
    pictures.set(picture, href);
  }
  const data = await href;
  return data && `<image x="${x}" y="${y}" width="${size}" height="${size}" href="${data}"/>`;
}

async function readPicture(picture: string): Promise<string | undefined> {
  const type = types[extname(picture).toLowerCase()];
  if (!type || !/^[\w-]+(\/[\w-]+)*\.\w+$/.test(picture)) return undefined;
  const bytes = await readFile(join(root, 'public/pictures', picture)).catch(() => undefined);
  return bytes && bytes.length <= LARGEST
    ? `data:image/${type};base64,${bytes.toString('base64')}`
    : undefined;
}

function letterOf(name: string, { x, y, size }: Square): string {
  const [letter = ''] = drawable(name);
  return `<rect x="${x}" y="${y}" width="${size}" height="${size}" rx="${size / 4}" fill="#f3efe8"/><text x="${x + size / 2}" y="${y + size * 0.67}" font-size="${size / 2}" font-weight="800" fill="#635d73" text-anchor="middle">${escapeXml(letter)}</text>`;
}

interface Line {
  x: number;
  y: number;
  /** Pixels that it may take. */
  width: number;
  /** Of the letters, in pixels. */
  size: number;
  weight: number;
  fill: string;
}

/** A thing's name: in one line if that is nearly as large as it may be, else in two. */
function nameOf(name: string, line: Omit<Line, 'fill'>): string {
  const { size, width, y } = line;
  const dark = { ...line, fill: '#221e2f' };
  const isLong = widthOf(drawable(name).join(''), dark) * 0.8 > width && /\s/u.test(name.trim());
  if (!isLong) return fitted(name, { ...dark, least: size * 0.6 });
  const half = size * 0.8;
  return lines(name, { ...dark, size: half, least: half * 0.75, most: 2, y: y - half * 0.5 });
}

/** One line of text, as large as it may be; if the least size is still too wide, it ends in an ellipsis. */
function fitted(text: string, { least, ...line }: Line & { least: number }): string {
  const letters = drawable(text);
  const whole = letters.join('');
  const size = Math.min(line.size, Math.max((line.size * line.width) / widthOf(whole, line), least));
  const smaller = { ...line, size };
  if (widthOf(whole, smaller) <= line.width + 1) return textOf(whole, smaller);
  let [fits, tooMany] = [1, letters.length];
  while (tooMany - fits > 1) {
    const half = (fits + tooMany) >> 1;
    if (widthOf(`${letters.slice(0, half).join('')}…`, smaller) <= line.width) fits = half;
    else tooMany = half;
  }
  return textOf(`${letters.slice(0, fits).join('').trimEnd()}…`, smaller);
}

interface Lines extends Line {
  least: number;
  most: number;
  /** Whether `y` is that of the last line, not of the first. */
  above?: boolean;
}

/** Several lines of one size, broken between words; in the least size, a line too long ends in an ellipsis. */
function lines(text: string, { least, most, above = false, ...line }: Lines): string {
  const words = drawable(text).join('').split(/\s+/u);
  let size = line.size;
  let broken = breakWords(words, { ...line, size }, most);
  while (size > least && broken.some((part) => widthOf(part, { ...line, size }) > line.width)) {
    size = Math.max(size * 0.9, least);
    broken = breakWords(words, { ...line, size }, most);
  }
  const top = above ? line.y - (broken.length - 1) * size * 1.1 : line.y;
  return broken
    .map((part, index) => fitted(part, { ...line, size, least: size, y: top + index * size * 1.1 }))
    .join('');
}

function breakWords(words: string[], line: Line, most: number): string[] {
  const broken: string[] = [];
  for (const word of words) {
    const longer = `${broken.at(-1) ?? ''} ${word}`.trim();
    if (broken.length > 0 && (broken.length === most || widthOf(longer, line) <= line.width))
      broken[broken.length - 1] = longer;
    else broken.push(word);
  }
  return broken;
}

function textOf(text: string, { x, y, size, weight, fill }: Line): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="${round(size)}" font-weight="${weight}" fill="${fill}">${escapeXml(text)}</text>`;
}

// Measured at one size for all: the rest is proportion. What only the machine's fonts know is taken for square.
function widthOf(text: string, { size, weight }: Line): number {
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
    width = (new Resvg(svg, { font: fontsFor(text) }).getBBox()?.width ?? 0) / 100 + foreign;
    widths.set(key, width);
  }
  return width * size;
}

const widths = new LRUCache<string, number>({ max: 2_000 });

const round = (value: number): number => Math.round(value * 10) / 10;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

// One character at a time as people see them. Left out is what is no character in XML, and what turns the direction
// of writing. The renderer joins no emoji into families or flags, so it gets the first of each; and it puts no emoji
// beside letters that join, so an f is kept from joining, and emoji beside right-to-left writing are left out.
function drawable(text: string): string[] {
  const letters = Array.from(graphemes.segment(text.slice(0, 300)), ({ segment }) =>
    EMOJI.test(segment) ? ([...segment][0] ?? '') : segment.replace(UNDRAWABLE, ''),
  ).filter((letter) => letter !== '');
  if (!letters.some((letter) => EMOJI.test(letter))) return letters;
  if (RIGHT_TO_LEFT.test(text)) return letters.filter((letter) => !EMOJI.test(letter));
  return letters.map((letter) => (letter === 'f' ? 'f\u200c' : letter));
}

const EMOJI = /\p{Emoji_Presentation}|\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;
const UNDRAWABLE =
  /[\p{Cc}\p{Cs}\p{Cn}\p{Co}\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]/gu;

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
