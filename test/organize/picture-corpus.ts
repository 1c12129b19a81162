import { deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { createTopic } from '../../src/catalog/create-topic.js';
import type { TopicAccess } from '../../src/schema.js';
import { type Browser, member, type Site } from '../site.js';

type Format = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'tiff';

/** Makes a picture with a red left half and a half of another colour. Each seed gives another picture. */
export async function picture(
  format: Format,
  { seed = 1, width = 800, height = 600 }: { seed?: number; width?: number; height?: number } = {},
): Promise<Buffer> {
  // The quickest way to write each: what is tested is the reading.
  return halves(seed, width, height)
    [format](format === 'avif' ? { effort: 0 } : {})
    .toBuffer();
}

/** Makes a photograph with a noise that compresses badly: some megabytes for some megapixels. */
export async function photograph({ seed = 1, width = 4000, height = 3000 } = {}): Promise<Buffer> {
  const background = { r: (seed * 53) % 256, g: (seed * 97) % 256, b: 128 };
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;
  return sharp({ create: { width, height, channels: 3, background, noise } })
    .jpeg({ quality: 85 })
    .toBuffer();
}

/** Makes a JPEG of a phone that was held upright: turned by the orientation in its EXIF data, with a place. */
export async function phonePhoto(): Promise<Buffer> {
  return halves(1, 800, 600)
    .jpeg()
    .withMetadata({ orientation: 6 })
    .withExifMerge({
      IFD0: { Make: 'SpyCam', Model: 'Secret 3000', Copyright: 'Nobody else' },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: '52/1 31/1 12/1',
        GPSLongitudeRef: 'E',
        GPSLongitude: '13/1 24/1 0/1',
      },
    })
    .toBuffer();
}

function halves(seed: number, width: number, height: number): Sharp {
  const rest = { r: 0, g: (seed * 37) % 256, b: (seed * 101) % 256 };
  const left = {
    create: { width: Math.ceil(width / 2), height, channels: 3 as const, background: '#ff0000' },
  };
  return sharp({ create: { width, height, channels: 3, background: rest } }).composite([
    { input: left, gravity: 'west' },
  ]);
}

/** A PNG of 30,000 × 30,000 pixels in about a hundred kilobytes. */
export const bomb = (): Buffer => blackPng(30_000);

/** A black PNG with one bit for each pixel. */
export function blackPng(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  // One bit a pixel, grey.
  header[8] = 1;
  const rows = Buffer.alloc((Math.ceil(side / 8) + 1) * side);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...[chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))],
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

// PNG specification, annex D.
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** A drawing that runs a script where it is opened as a page. */
export const SVG = Buffer.from(
  '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>',
);

/** An organiser with a topic of their own. */
export interface Organiser {
  browser: Browser;
  userId: number;
  topicId: number;
  slug: string;
  /** The start of the addresses of the topic's pages for organisers. */
  manage: string;
}

/** Signs somebody up, and makes a topic for them. */
export async function organiser(site: Site, access: TopicAccess = 'link'): Promise<Organiser> {
  const { browser, id: userId } = await member(site);
  return { browser, userId, ...(await topicOf(site, userId, access)) };
}

/** Makes a topic for a user. */
export async function topicOf(site: Site, ownerId: number, access: TopicAccess = 'link') {
  const { id: topicId, slug } = await site.db
    .transaction()
    .execute((trx) => createTopic(trx, { title: 'Our animals', question: 'Which one?', access, ownerId }));
  return { topicId, slug, manage: `/topics/${slug}/manage` };
}

/** A file with the name that the device gives it. */
export type NamedFile = [filename: string, bytes: Buffer];

/** Sends files with the form that adds pictures. */
export function send({ browser, manage }: Organiser, files: NamedFile[]) {
  const request = browser.post(`${manage}/pictures`);
  for (const [filename, bytes] of files) request.attach('pictures', bytes, filename);
  return request;
}

/** The things of a topic, oldest first. */
export async function thingsOf(site: Site, { topicId }: Pick<Organiser, 'topicId'>) {
  return site.db
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .select(['id', 'name', 'picture'])
    .orderBy('id')
    .execute();
}
