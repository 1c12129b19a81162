import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { importThings } from '../../src/catalog/import-things.js';
import { removeUnusedPictures } from '../../src/catalog/pictures/remove-unused.js';
import { exportThings } from '../../src/ranking/transfer/export.js';
import { member, read, useSite, visit, vote } from '../site.js';
import { type NamedFile, organiser, phonePhoto, picture, send, thingsOf } from './picture-corpus.js';

const site = useSite();
const small = useSite({ maxThingsPerTopic: 2 });

/** Loads the files of a picture as a page names them. */
async function filesOf(html: string): Promise<{ width: number; body: Buffer; headers: Headers }[]> {
  const srcset = read(html)('.received img').first().attr('srcset') ?? '';
  return Promise.all(
    srcset.split(', ').map(async (candidate) => {
      const [path = '', width = ''] = candidate.split(' ');
      const answer = await fetch(`${site.origin}${path}`);
      expect(answer.status).toBe(200);
      return {
        width: Number.parseInt(width, 10),
        body: Buffer.from(await answer.arrayBuffer()),
        headers: answer.headers,
      };
    }),
  );
}

describe('pictures of organisers', () => {
  it.each(['jpeg', 'png', 'webp', 'avif', 'gif'] as const)(
    'take %s, whatever its name says',
    async (format) => {
      const owner = await organiser(site);
      const bytes = await picture(format, { width: 1600, height: 1200 });
      const { headers } = await send(owner, [['red-panda.txt', bytes]]).expect(303);
      expect(headers.location).toBe(`${owner.manage}/pictures?added=1`);
      const { text } = await owner.browser.get(String(headers.location)).expect(200);
      expect(read(text)('.received .name').text()).toBe('Red panda');
      const files = await filesOf(text);
      expect(files.map(({ width }) => width)).toEqual([320, 640, 1280]);
      for (const { width, body } of files) {
        const { format, width: real, height } = await sharp(body).metadata();
        expect([format, real, height]).toEqual(['webp', width, (width / 4) * 3]);
        const [red = 0, green = 255] = await sharp(body)
          .extract({ left: 4, top: 4, width: 1, height: 1 })
          .raw()
          .toBuffer();
        expect([red > 230, green < 30]).toEqual([true, true]);
      }
    },
  );

  it('are never enlarged, and long ones stay small', async () => {
    const owner = await organiser(site);
    const sizes: [number, number][] = [
      [200, 100],
      [500, 400],
      [100, 6000],
    ];
    const files = await Promise.all(
      sizes.map(
        async ([width, height]): Promise<NamedFile> => [
          `${width}.png`,
          await picture('png', { width, height }),
        ],
      ),
    );
    await send(owner, files).expect(303);
    const stored = (await thingsOf(site, owner)).map((thing) => thing.picture?.slice(65));
    expect(stored).toEqual(['200x100', '500x400', '32x1920']);
    const widths = await site.db
      .selectFrom('pictureSizes')
      .innerJoin('topicPictures', 'topicPictures.hash', 'pictureSizes.hash')
      .where('topicId', '=', owner.topicId)
      .select('width')
      .orderBy('width')
      .execute();
    expect(widths.map(({ width }) => width)).toEqual([32, 200, 320, 500]);
  });

  it('are turned as the camera was held, and keep nothing that the camera knew', async () => {
    const original = await phonePhoto();
    expect(original.toString('latin1')).toMatch(/SpyCam/);
    const owner = await organiser(site);
    await send(owner, [['IMG_1234.JPG', original]]).expect(303);
    const [thing] = await thingsOf(site, owner);
    expect(thing?.name).toBe('IMG 1234');
    expect(thing?.picture).toMatch(/-600x800$/);
    const { text } = await owner.browser.get(`${owner.manage}/pictures?added=1`);
    for (const { body } of await filesOf(text)) {
      expect(body.toString('latin1')).not.toMatch(/Exif|SpyCam|Secret|Nobody|GPS|ICCP|XMP/);
      const { exif, icc, xmp, orientation } = await sharp(body).metadata();
      expect([exif, icc, xmp, orientation]).toEqual([undefined, undefined, undefined, undefined]);
      // The red half was on the left of the sensor, so it is at the top.
      const [red = 0] = await sharp(body)
        .extract({ left: 300, top: 2, width: 1, height: 1 })
        .raw()
        .toBuffer();
      expect(red).toBeGreaterThan(230);
    }
  });

  it('are stored once, in however many topics', async () => {
    const bytes = await picture('png', { seed: 77 });
    const [one, other] = [await organiser(site), await organiser(site)];
    const count = async () =>
      (
        await site.db
          .selectFrom('pictures')
          .select(({ fn }) => fn.countAll().as('count'))
          .executeTakeFirstOrThrow()
      ).count;
    const before = Number(await count());
    await send(one, [
      ['a.png', bytes],
      ['b.jpg', bytes],
    ]).expect(303);
    await send(other, [['a.png', bytes]]).expect(303);
    expect(Number(await count())).toBe(before + 1);
    expect((await thingsOf(site, one)).map(({ name }) => name)).toEqual(['A', 'B']);
  });

  it('get a number when the name is taken, and are not added twice', async () => {
    const owner = await organiser(site);
    const [first, second] = [await picture('png', { seed: 5 }), await picture('png', { seed: 6 })];
    await send(owner, [
      ['image.png', first],
      ['Image.png', second],
    ]).expect(303);
    const again = await send(owner, [
      ['image.png', second],
      ['fox.png', first],
    ]).expect(422);
    expect(read(again.text)('.received .error').text()).toBe(
      'This picture is in the topic already, as “Image 2”.',
    );
    expect(read(again.text)('.received .name').text()).toContain('Fox');
    expect((await thingsOf(site, owner)).map(({ name }) => name)).toEqual(['Image', 'Image 2', 'Fox']);
    expect(read(again.text)('#came').text().trim()).toBe('1 picture added, 1 not');
    expect(read(again.text)('title').text()).toMatch(/^Error:/);
  });

  it('are shown with their widths on the board and on the cards', async () => {
    const owner = await organiser(site, 'public');
    await site.db.updateTable('topics').set({ phase: 'open' }).where('id', '=', owner.topicId).execute();
    await send(owner, [
      ['one.png', await picture('png', { seed: 8 })],
      ['two.png', await picture('png', { seed: 9 })],
    ]);
    await site.boards.refresh();
    for (const [path, part] of [
      ['vote', '.duel'],
      ['ranking', '.gallery'],
    ]) {
      const { text } = await owner.browser.get(`/topics/${owner.slug}/${path}`).expect(200);
      const images = read(text)(`${part} img.photo`);
      expect(images.length).toBe(2);
      expect(images.attr('srcset')).toMatch(/^\/pictures\/[0-9a-f]{64}-320\.webp 320w, .* 640w, .* 800w$/);
      expect(images.attr('sizes')).toMatch(/^\d+px$/);
      expect(images.attr('width')).toMatch(/^\d+$/);
      expect(images.attr('alt')).toBe('');
    }
  });

  it('are on the card of a shared list', async () => {
    const owner = await organiser(site, 'public');
    await site.db.updateTable('topics').set({ phase: 'open' }).where('id', '=', owner.topicId).execute();
    for (const seed of [50, 51, 52]) await send(owner, [[`${seed}.png`, await picture('png', { seed })]]);
    await site.boards.refresh();
    for (let pair = 0; pair < 3; pair++) await vote(owner.browser, 'left', `/topics/${owner.slug}/vote`);
    const form = { size: '3', name: 'none' };
    const { headers } = await owner.browser
      .post(`/profile/topics/${owner.slug}/share`)
      .type('form')
      .send(form)
      .expect(303);
    const token = String(headers.location).replace('/profile/links?new=', '');
    const card = await visit(site).get(`/shared/${token}.png`).buffer(true).expect(200);
    const { data } = await sharp(card.body).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    let red = 0;
    for (let at = 0; at < data.length; at += 3)
      if ((data[at] ?? 0) > 240 && (data[at + 1] ?? 0) < 30 && (data[at + 2] ?? 0) < 30) red++;
    // Half of each of the three pictures.
    expect(red).toBeGreaterThan(3 * 140 * 40);
  });

  it('are files that browsers keep for ever, that run nothing, and that need no session', async () => {
    const owner = await organiser(site, 'invited');
    await send(owner, [['secret.png', await picture('png', { seed: 10 })]]).expect(303);
    const { text } = await owner.browser.get(`${owner.manage}/pictures?added=1`);
    const [{ headers } = expect.fail()] = await filesOf(text);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'image/webp',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
    expect(headers.get('set-cookie')).toBeNull();
    const src = read(text)('.received img').attr('src') ?? '';
    for (const missing of [src.replace('-320', '-321'), `/pictures/${'0'.repeat(64)}-320.webp`])
      await visit(site)
        .get(missing)
        .expect(404)
        .expect('Content-Security-Policy', /form-action 'self'/);
    await visit(site)
      .post(src)
      .expect(405)
      .expect('Content-Security-Policy', /form-action 'self'/);
    expect(headers.get('permissions-policy')).toBeNull();
  });

  it('are left out of the export of things, and stay when it is imported again', async () => {
    const owner = await organiser(site);
    await send(owner, [['fox.png', await picture('png', { seed: 60 })]]).expect(303);
    const before = await thingsOf(site, owner);
    const out = new PassThrough();
    const csv = text(out);
    await exportThings(site.db, owner.slug, out);
    expect(await csv).toMatch(/^name,picture,.*\nFox,,/);
    await importThings(site.db, Readable.from([await csv]), { slug: owner.slug });
    expect(await thingsOf(site, owner)).toEqual(before);
  });

  it('are not added while voting is closed', async () => {
    const owner = await organiser(site);
    await site.db.updateTable('topics').set({ phase: 'closed' }).where('id', '=', owner.topicId).execute();
    await send(owner, [['a.png', await picture('png')]]).expect(409);
    expect(await thingsOf(site, owner)).toEqual([]);
  });

  it('are not added beyond the things that a topic may have', async () => {
    const owner = await organiser(small);
    const files = await Promise.all(
      [1, 2, 3].map(async (seed): Promise<NamedFile> => [`${seed}.png`, await picture('png', { seed })]),
    );
    const { text } = await send(owner, files).expect(422);
    expect(read(text)('.received .error').text()).toBe('This topic has as many things as it may have.');
    expect(await thingsOf(small, owner)).toHaveLength(2);
  });

  it('are only for those who run the topic', async () => {
    const owner = await organiser(site);
    const { browser } = await member(site);
    const file: NamedFile[] = [['a.png', await picture('png')]];
    await send({ ...owner, browser }, file).expect(404);
    await browser.get(`${owner.manage}/pictures`).expect(404);
    await send({ ...owner, browser: visit(site) }, file).expect(303);
    const crossSite = owner.browser.post(`${owner.manage}/pictures`).set('Sec-Fetch-Site', 'cross-site');
    await crossSite.attach('pictures', ...([file[0]?.[1] ?? '', 'a.png'] as const)).expect(403);
    expect(await thingsOf(site, owner)).toEqual([]);
  });
});

describe('the picture of a thing', () => {
  it('is set, replaced and removed', async () => {
    const owner = await organiser(site);
    await send(owner, [['fox.png', await picture('png', { seed: 20 })]]).expect(303);
    const [{ id, picture: first } = expect.fail()] = await thingsOf(site, owner);
    const page = `${owner.manage}/things/${id}/picture`;
    const change = (bytes: Buffer) => owner.browser.post(page).attach('picture', bytes, 'new.jpg');
    await change(await picture('jpeg', { seed: 21 })).expect(303);
    const [replaced] = await thingsOf(site, owner);
    expect(replaced?.name).toBe('Fox');
    expect(replaced?.picture).not.toBe(first);
    const refused = await change(Buffer.from('no picture')).expect(422);
    expect(read(refused.text)('#picture-error').text()).toMatch(/^This is not a picture/);
    expect(read(refused.text)('#picture').attr('aria-describedby')).toBe('picture-error');
    expect(await thingsOf(site, owner)).toEqual([replaced]);
    await owner.browser.post(page).field('remove', 'yes').expect(303);
    expect((await thingsOf(site, owner))[0]?.picture).toBeNull();
    const shown = await owner.browser.get(`${owner.manage}/things/${id}`).expect(200);
    expect(read(shown.text)('.flash').text()).toContain('Picture removed.');
    const events = await site.db
      .selectFrom('topicEvents')
      .where('topicId', '=', owner.topicId)
      .select('kind')
      .execute();
    expect(events.map(({ kind }) => kind)).toEqual([
      'created',
      'things added',
      'picture changed',
      'picture removed',
    ]);
  });

  it('belongs to a thing of the same topic', async () => {
    const [owner, other] = [await organiser(site), await organiser(site)];
    await send(other, [['fox.png', await picture('png', { seed: 22 })]]).expect(303);
    const [{ id, picture: text } = expect.fail()] = await thingsOf(site, other);
    await owner.browser.get(`${owner.manage}/things/${id}/picture`).expect(404);
    const bytes = await picture('png', { seed: 23 });
    await owner.browser
      .post(`${owner.manage}/things/${id}/picture`)
      .attach('picture', bytes, 'a.png')
      .expect(404);
    expect(await thingsOf(site, other)).toMatchObject([{ picture: text }]);
    // The database refuses it as well.
    const stolen = { topicId: owner.topicId, name: 'Fox', slug: 'fox', picture: text };
    await expect(site.db.insertInto('things').values(stolen).execute()).rejects.toThrow('foreign key');
    await expect(
      site.db
        .insertInto('things')
        .values({ ...stolen, picture: '../etc/passwd' })
        .execute(),
    ).rejects.toThrow('check constraint');
  });

  it('is removed a day after no thing shows it any more', async () => {
    const owner = await organiser(site);
    const files: NamedFile[] = [
      ['a.png', await picture('png', { seed: 30 })],
      ['b.png', await picture('png', { seed: 31 })],
    ];
    await send(owner, files).expect(303);
    const [{ id } = expect.fail(), { picture: kept } = expect.fail()] = await thingsOf(site, owner);
    await owner.browser.post(`${owner.manage}/things/${id}/picture`).field('remove', 'yes').expect(303);
    const held = async () =>
      (
        await site.db
          .selectFrom('topicPictures')
          .where('topicId', '=', owner.topicId)
          .select('hash')
          .execute()
      ).map(({ hash }) => hash);
    await removeUnusedPictures(site.db);
    expect(await held()).toHaveLength(2);
    await site.db
      .updateTable('topicPictures')
      .set({ unusedSince: new Date(Date.now() - 25 * 3_600_000) })
      .where('unusedSince', 'is not', null)
      .execute();
    await removeUnusedPictures(site.db);
    expect(await held()).toEqual([kept?.slice(0, 64)]);
    const left = await site.db
      .selectFrom('pictures')
      .where('hash', 'in', await held())
      .select('hash')
      .execute();
    expect(left).toHaveLength(1);
    const orphans = await site.db
      .selectFrom('pictureSizes')
      .where('hash', 'not in', ({ selectFrom }) => selectFrom('topicPictures').select('hash'))
      .select('hash')
      .execute();
    expect(orphans).toEqual([]);
  });
});
