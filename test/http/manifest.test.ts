import { expect, it } from 'vitest';
import { read, useSite, visit } from '../site.js';

const site = useSite();

/** Reads the width and height of a PNG (PNG specification, 11.2.2). */
const sizeOf = (png: Buffer): string => `${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`;

it('has a manifest whose icons are there, in the sizes that it names', async () => {
  const page = read((await visit(site).get('/').expect(200)).text);
  const { body, headers, text } = await visit(site)
    .get(String(page('[rel=manifest]').attr('href')))
    .expect(200);
  expect(headers['content-type']).toContain('application/manifest+json');
  const manifest = JSON.parse(text || String(body));
  await visit(site).get(manifest.start_url).expect(200);
  for (const { src, sizes, type } of manifest.icons) {
    const icon = await visit(site).get(src).expect(200);
    expect(icon.headers['content-type']).toContain(type);
    if (sizes !== 'any') expect(sizeOf(icon.body)).toBe(sizes);
  }
  const touchIcon = await visit(site)
    .get(String(page('[rel=apple-touch-icon]').attr('href')))
    .expect(200);
  expect(sizeOf(touchIcon.body)).toBe('180x180');
});

it('gives browsers the paper of its pages as theme colour, in light and dark', async () => {
  const page = read((await visit(site).get('/').expect(200)).text);
  const css = (await visit(site).get('/styles/tokens.css').expect(200)).text;
  const [, light, dark] = /--paper:\s*light-dark\(\s*(#\w+),\s*(#\w+)/.exec(css) ?? [];
  const colours = page('[name=theme-color]')
    .map((_index, meta) => page(meta).attr('content'))
    .get();
  expect(colours).toEqual([light, dark]);
});
