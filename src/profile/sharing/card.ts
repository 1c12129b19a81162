import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { renderAsync } from '@resvg/resvg-js';
import { LRUCache } from 'lru-cache';
import { root } from '../../config.js';
import { parseUploaded } from '../../http/picture-sources.js';
import { escapeXml, firstLetter, fitted, fontsFor, type Line, lines, widthOf } from './lettering.js';
import type { Share } from './shares.js';

/** The size in pixels of the picture that messengers show beside a link. */
const CARD = { width: 1200, height: 630 } as const;

/** A card before it is drawn. */
interface Card {
  svg: string;
  /** All texts on it. */
  texts: string;
  /** Identifies its content. */
  etag: string;
}

/** Draws an uploaded picture as PNG; undefined when there is none. The renderer of cards can't read WebP. */
export type DrawUploaded = (picture: string) => Promise<Uint8Array | undefined>;

/** What a card shows. */
interface CardContent extends Pick<Share, 'topic' | 'name' | 'things'> {
  /** The name of the site. */
  site: string;
}

/** Makes the card of a shared Top. All input of users is escaped, so it cannot add markup. */
export function cardOf(
  { topic, name, things, site }: CardContent,
  drawUploaded: DrawUploaded,
): Promise<Card> {
  const key = JSON.stringify([topic, name, things, site]);
  const cached = cards.get(key);
  if (cached) return cached;
  const card = layOut({ topic, name, things, site }, drawUploaded);
  cards.set(key, card);
  card.catch(() => cards.delete(key));
  return card;
}

const cards = new LRUCache<string, Promise<Card>>({ max: 50 });

async function layOut({ topic, name, things, site }: CardContent, drawUploaded: DrawUploaded): Promise<Card> {
  const drawn = await Promise.all(
    things.map(async (thing) => ({ ...thing, image: await imageOf(thing.picture, drawUploaded) })),
  );
  const rows = drawn.map((thing, index) => rowOf(thing, index, things.length));
  const title = `${name ?? 'Someone'}’s Top ${things.length}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD.width}" height="${CARD.height}" viewBox="0 0 ${CARD.width} ${CARD.height}" font-family="Nunito">
<rect width="400" height="630" fill="#5b45e0"/>
<circle cx="372" cy="596" r="190" fill="#4f39d8"/>
<rect x="-70" y="-106" width="250" height="250" rx="80" fill="#ff7a45"/>
<rect x="400" width="800" height="630" fill="#fbf8f3"/>
${lines(title, { x: 56, y: 226, width: 310, size: 34, least: 22, weight: 600, most: 2, above: true, fill: '#e9e4ff' })}
${lines(topic, { x: 56, y: 298, width: 310, size: 62, least: 28, weight: 800, most: 3, fill: '#ffffff' })}
<g transform="translate(56 522) scale(1.5)"><rect x="1" y="7" width="18" height="18" rx="6" fill="#ff7a45"/><circle cx="21.5" cy="16" r="9.5" fill="#ffffff"/><path d="m17.4 16.3 2.9 2.9 5.4-5.8" fill="none" stroke="#5b45e0" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></g>
<text x="116" y="558" font-size="32" font-weight="800" fill="#ffffff">${escapeXml(site)}</text>
${rows.join('\n')}
</svg>`;
  const texts = [topic, title, ...things.map((thing) => thing.name)].join('\n');
  return { svg, texts, etag: `"${createHash('sha256').update(svg).digest('base64url').slice(0, 22)}"` };
}

/** Draws a card as PNG, outside the main thread. Caches the latest pictures. */
export function drawCard({ svg, texts, etag }: Card): Promise<Buffer> {
  const cached = pngs.get(etag);
  if (cached) return cached;
  const png = renderAsync(svg, { font: fontsFor(texts) }).then((image) => image.asPng());
  pngs.set(etag, png);
  png.catch(() => pngs.delete(etag));
  return png;
}

const pngs = new LRUCache<string, Promise<Buffer>>({ max: 100 });

type DrawnThing = Share['things'][number] & {
  /** Its picture as a data URL; undefined without one. */
  image: string | undefined;
};

function rowOf(thing: DrawnThing, index: number, size: number): string {
  const { columns, height, picture, font } =
    size <= 3 ? layouts.few : size <= 5 ? layouts.some : layouts.many;
  const perColumn = Math.ceil(size / columns);
  const width = 744 / columns;
  const [x, y] = [432 + Math.floor(index / perColumn) * width, (630 - perColumn * height) / 2];
  const middle = y + (index % perColumn) * height + height / 2;
  const [number, gap] = [font * 1.35, columns === 1 ? 24 : 12];
  const left = x + number + picture + 2 * gap;
  const named = { x: left, y: middle + font * 0.35, width: x + width - left - 20, size: font, weight: 800 };
  const rank = `<text x="${x + number}" y="${middle + font * 0.35}" font-size="${font * 0.85}" font-weight="800" fill="#635d73" text-anchor="end">${thing.rank}</text>`;
  const square = { x: x + number + gap, y: middle - picture / 2, size: picture };
  if (thing.name === undefined)
    return `${rank}${fitted('removed since', { ...named, weight: 600, least: 18, fill: '#635d73' })}`;
  return `${rank}${thing.image ? pictureOf(thing.image, square) : letterOf(thing.name, square)}${nameOf(thing.name, named)}`;
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
const MAX_PICTURE_BYTES = 500_000;
const images = new LRUCache<string, string>({ max: 100 });

async function imageOf(picture: string | null, drawUploaded: DrawUploaded): Promise<string | undefined> {
  if (!picture) return undefined;
  const image = images.get(picture) ?? (await readPicture(picture, drawUploaded));
  if (image) images.set(picture, image);
  return image;
}

function pictureOf(image: string, { x, y, size }: Square): string {
  return `<image x="${x}" y="${y}" width="${size}" height="${size}" href="${image}"/>`;
}

async function readPicture(picture: string, drawUploaded: DrawUploaded): Promise<string | undefined> {
  if (parseUploaded(picture)) return dataUrl('png', await drawUploaded(picture));
  const type = types[extname(picture).toLowerCase()];
  if (!type || !/^[\w-]+(\/[\w-]+)*\.\w+$/.test(picture)) return undefined;
  return dataUrl(type, await readFile(join(root, 'public/pictures', picture)).catch(() => undefined));
}

const dataUrl = (type: string, bytes: Uint8Array | undefined): string | undefined =>
  bytes && bytes.length <= MAX_PICTURE_BYTES
    ? `data:image/${type};base64,${Buffer.from(bytes).toString('base64')}`
    : undefined;

function letterOf(name: string, { x, y, size }: Square): string {
  return `<rect x="${x}" y="${y}" width="${size}" height="${size}" rx="${size / 4}" fill="#f3efe8"/><text x="${x + size / 2}" y="${y + size * 0.67}" font-size="${size / 2}" font-weight="800" fill="#635d73" text-anchor="middle">${escapeXml(firstLetter(name))}</text>`;
}

/** A thing's name in one line when it fits at nearly full size, else in two lines. */
function nameOf(name: string, line: Omit<Line, 'fill'>): string {
  const { size, width, y } = line;
  const dark = { ...line, fill: '#221e2f' };
  const isLong = widthOf(name, dark) * 0.8 > width && /\s/u.test(name.trim());
  if (!isLong) return fitted(name, { ...dark, least: size * 0.6 });
  const half = size * 0.8;
  return lines(name, { ...dark, size: half, least: half * 0.75, most: 2, y: y - half * 0.5 });
}
