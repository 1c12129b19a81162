import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { FIREFOX, read, useSite } from '../site.js';
import {
  blackPng,
  bomb,
  type NamedFile,
  type Organiser,
  organiser,
  photograph,
  picture,
  SVG,
  send,
  thingsOf,
} from './picture-corpus.js';

const site = useSite({ maxTopicMb: 1 });

/** Sends one file that must be refused, and returns what the page says beside it. */
async function refusalOf(owner: Organiser, filename: string, bytes: Buffer): Promise<string> {
  const { text } = await send(owner, [[filename, bytes]]).expect(422);
  expect(read(text)('.received .name').text()).toBe(filename);
  expect(await thingsOf(site, owner)).toEqual([]);
  return read(text)('.received .error').text();
}

const DAMAGED = 'This picture is damaged or cut off. Save it again and choose the new file.';
const UNKNOWN = 'This is not a picture that we can read. Use JPEG, PNG, WebP, AVIF or GIF.';

const PIXELS = 'This picture has more than 64 million pixels. Make it smaller and choose it again.';
const DRAWING = 'SVG files can’t be used here. Save it as PNG and choose it again.';
const LARGE = 'This file is larger than 10 MB. Make it smaller and choose it again.';
const HEIC = 'We can’t read this HEIC file. Save it as JPEG and choose it again.';
const film = (brand: string) => Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1');

interface Refused {
  what: string;
  filename: string;
  make: () => Buffer | Promise<Buffer>;
  says: string;
}

it.each<Refused>([
  { what: 'a bomb', filename: 'bomb.png', make: bomb, says: PIXELS },
  { what: 'a drawing with a script', filename: 'logo.svg', make: () => SVG, says: DRAWING },
  { what: 'a drawing with the name of a PNG', filename: 'logo.png', make: () => SVG, says: DRAWING },
  { what: 'an empty file', filename: 'empty.jpg', make: () => Buffer.alloc(0), says: 'This file is empty.' },
  { what: '11 MB', filename: 'large.jpg', make: elevenMegabytes, says: LARGE },
  { what: 'a page', filename: 'page.jpg', make: () => Buffer.from('<!doctype html><p>Hi'), says: UNKNOWN },
  { what: 'a TIFF', filename: 'scan.jpg', make: () => picture('tiff'), says: UNKNOWN },
  { what: 'a PDF', filename: 'paper.png', make: () => Buffer.from('%PDF-1.7\n%%EOF'), says: UNKNOWN },
  {
    what: 'a film',
    filename: 'film.jpg',
    make: () => Buffer.from('\0\0\0\x14ftypmp42', 'latin1'),
    says: UNKNOWN,
  },
  { what: 'HEIC without a decoder', filename: 'IMG_1.HEIC', make: () => film('heic'), says: HEIC },
  {
    what: 'a page that starts as a GIF',
    filename: 'x.gif',
    make: () => Buffer.from('GIF89a/*<p>'),
    says: DAMAGED,
  },
  {
    what: 'four bytes of a JPEG',
    filename: 'x.jpg',
    make: () => Buffer.from('ffd8ffe0', 'hex'),
    says: DAMAGED,
  },
])('refuses $what, and says why', async ({ filename, make, says }) => {
  expect(await refusalOf(await organiser(site), filename, await make())).toBe(says);
});

async function elevenMegabytes(): Promise<Buffer> {
  return Buffer.concat([await picture('jpeg'), Buffer.alloc(11 * 1024 * 1024)]);
}

it.each(['jpeg', 'png', 'webp', 'avif', 'gif'] as const)('refuses a %s that is cut off', async (format) => {
  const whole = await picture(format, { width: 900, height: 700 });
  const owner = await organiser(site);
  for (const share of [0.1, 0.5, 0.9])
    expect(await refusalOf(owner, 'cut', whole.subarray(0, whole.length * share))).toBe(DAMAGED);
});

it('keeps nothing of a GIF that is also a page', async () => {
  const owner = await organiser(site);
  const both = Buffer.concat([await picture('gif'), Buffer.from('<script>alert(1)</script>')]);
  await send(owner, [['both.gif', both]]).expect(303);
  const files = await site.db
    .selectFrom('pictureSizes')
    .innerJoin('topicPictures', 'topicPictures.hash', 'pictureSizes.hash')
    .where('topicId', '=', owner.topicId)
    .select('body')
    .execute();
  expect(files).toHaveLength(3);
  for (const { body } of files) expect(Buffer.from(body).toString('latin1')).not.toContain('script');
});

it('takes the good pictures of a form, and says beside each of the others what is wrong', async () => {
  const owner = await organiser(site);
  const files: NamedFile[] = [
    ['first.png', await picture('png', { seed: 1 })],
    ['bomb.png', blackPng(9_000)],
    ['last.png', await picture('png', { seed: 2 })],
  ];
  const { text } = await send(owner, files).expect(422);
  const rows = read(text)('.received li')
    .toArray()
    .map((row) => read(text)(row).find('.name').text());
  expect(rows).toEqual(['First', 'bomb.png', 'Last']);
  expect(read(text)('.received li.wrong').length).toBe(1);
});

it('asks for a picture when none was chosen', async () => {
  const owner = await organiser(site);
  const { text } = await owner.browser
    .post(`${owner.manage}/pictures`)
    .attach('pictures', Buffer.alloc(0), '')
    .expect(422);
  expect(read(text)('#pictures-error').text()).toBe('Choose one or more pictures.');
  expect(read(text)('#pictures').attr('aria-describedby')).toContain('pictures-error');
});

it('refuses a form that is no form, and one that breaks off', async () => {
  const { browser, manage } = await organiser(site);
  await browser.post(`${manage}/pictures`).type('form').send({ pictures: 'x' }).expect(400);
  await browser.post(`${manage}/pictures`).set('Content-Type', 'multipart/form-data').send('x').expect(400);
  const broken = '--b\r\nContent-Disposition: form-data; name="pictures"; filename="a.png"\r\n\r\nabc';
  await browser
    .post(`${manage}/pictures`)
    .set('Content-Type', 'multipart/form-data; boundary=b')
    .send(broken)
    .expect(400);
});

it('gives names as text, whatever they hold', async () => {
  const owner = await organiser(site);
  const names = [
    '"><img src=x onerror=alert(1)>.png',
    `${'very long '.repeat(40)}.png`,
    '../../etc/passwd',
    '\u202egnp.exe',
    '-_-.png',
  ];
  for (const [index, name] of names.entries())
    await send(owner, [[name, await picture('png', { seed: 40 + index })]]).expect(303);
  const stored = (await thingsOf(site, owner)).map(({ name }) => name);
  expect(stored.every((name) => [...name].length <= 80 && !/\p{Cc}|\u202e/u.test(name))).toBe(true);
  expect(stored[2]).toBe('Passwd');
  expect(stored[4]).toBe('Picture');
  const { text } = await owner.browser.get(`${owner.manage}/pictures?added=5`);
  expect(read(text)('img[onerror]').length).toBe(0);
});

it('holds only so many megabytes for a topic', async () => {
  const owner = await organiser(site);
  const files = await Promise.all(
    [1, 2, 3, 4, 5].map(
      async (seed): Promise<NamedFile> => [
        `${seed}.jpg`,
        await photograph({ seed, width: 1400, height: 1000 }),
      ],
    ),
  );
  const { text } = await send(owner, files).expect(422);
  const refusals = read(text)('.received .error')
    .toArray()
    .map((row) => read(text)(row).text());
  expect(refusals.length).toBeGreaterThan(0);
  expect(new Set(refusals)).toEqual(
    new Set(['This topic has no room for this picture. Its pictures may take 1 MB together.']),
  );
  const { bytes } = await site.db
    .selectFrom('topicPictures')
    .innerJoin('pictures', 'pictures.hash', 'topicPictures.hash')
    .where('topicId', '=', owner.topicId)
    .select(({ fn }) => fn.sum<number>('bytes').as('bytes'))
    .executeTakeFirstOrThrow();
  expect(Number(bytes)).toBeLessThanOrEqual(1024 * 1024);
  expect((await thingsOf(site, owner)).length + refusals.length).toBe(5);
  // Two forms at once do not get the same room.
  const again = await Promise.all(files.map((file) => send(owner, [file])));
  expect(again.map(({ status }) => status)).toEqual([422, 422, 422, 422, 422]);
});

it('leaves nothing behind when the visitor goes away', async () => {
  const owner = await organiser(site);
  const cookie = (await owner.browser.get('/profile')).request.cookies;
  const socket = connect(Number(new URL(site.origin).port), '127.0.0.1');
  await once(socket, 'connect');
  const part = (name: string) =>
    `--b\r\nContent-Disposition: form-data; name="pictures"; filename="${name}"\r\n\r\n`;
  socket.write(
    `POST ${owner.manage}/pictures HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nCookie: ${cookie}\r\n` +
      `User-Agent: ${FIREFOX}\r\n` +
      'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n',
  );
  socket.write(part('one.png'));
  socket.write(await picture('png', { seed: 90 }));
  socket.write(`\r\n${part('two.png')}`);
  const held = () =>
    site.db.selectFrom('topicPictures').where('topicId', '=', owner.topicId).select('hash').execute();
  await expect.poll(held, { timeout: 10_000 }).toHaveLength(1);
  socket.write(Buffer.alloc(10_000));
  socket.destroy();
  await expect.poll(held, { timeout: 10_000 }).toEqual([]);
  expect(await thingsOf(site, owner)).toEqual([]);
  await send(owner, [['one.png', await picture('png', { seed: 90 })]]).expect(303);
});
