import { once } from 'node:events';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { FIREFOX, member, pairOn, read, topic, useSite, vote } from '../site.js';
import {
  type NamedFile,
  type Organiser,
  organiser,
  photograph,
  picture,
  send,
  thingsOf,
} from './picture-corpus.js';

const site = useSite();

// The decoder leaves the cores to others, so it may take long on a busy machine.
it('answers a vote while twenty large photographs are decoded', { timeout: 240_000 }, async () => {
  await topic(site);
  const voter = await member(site);
  await vote(voter.browser);
  const owner = await organiser(site);
  const bytes = await photograph();
  let isDecoding = true;
  const files = Array.from({ length: 20 }, (_, index): NamedFile => [`${index}.jpg`, bytes]);
  const sending = send(owner, files).then((answer) => {
    isDecoding = false;
    return answer;
  });
  const held = () =>
    site.db.selectFrom('topicPictures').where('topicId', '=', owner.topicId).select('hash').execute();
  await expect.poll(held, { timeout: 30_000 }).not.toEqual([]);
  for (let answered = 0; answered < 3; answered++) {
    const { ballot } = pairOn((await voter.browser.get('/vote')).text);
    await voter.browser.post('/vote').type('form').send({ ballot, choice: 'left' }).expect(303);
  }
  expect(isDecoding).toBe(true);
  expect((await sending).status).toBe(303);
  expect(await thingsOf(site, owner)).toHaveLength(20);
});

it('reads two hundred of ten thousand files, says so, and takes little memory', async () => {
  const owner = await organiser(site);
  const bytes = await picture('png', { width: 40, height: 30 });
  async function* form(): AsyncGenerator<Buffer> {
    for (let index = 0; index < 10_000; index++) {
      yield Buffer.from(
        `--b\r\nContent-Disposition: form-data; name="pictures"; filename="${index}.png"\r\n\r\n`,
      );
      yield bytes;
      yield Buffer.from('\r\n');
    }
    yield Buffer.from('--b--\r\n');
  }
  const before = process.memoryUsage().rss;
  const { status, text } = await post(owner, form());
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  expect(status).toBe(422);
  expect(read(text)('#pictures-error').text()).toBe(
    'You chose more than 200 pictures. The others were left out. Send them next.',
  );
  expect(read(text)('.received li:not(.wrong)').length).toBe(200);
  expect(await thingsOf(site, owner)).toHaveLength(200);
});

it('refuses a form of a gigabyte, whether it says how long it is or not', async () => {
  const owner = await organiser(site);
  const bytes = await picture('png', { width: 40, height: 30 });
  const part = (name: string) =>
    `--b\r\nContent-Disposition: form-data; name="pictures"; filename="${name}"\r\n\r\n`;
  const megabyte = Buffer.alloc(1024 * 1024);
  async function* form(): AsyncGenerator<Buffer> {
    yield Buffer.concat([Buffer.from(part('first.png')), bytes, Buffer.from(`\r\n${part('endless.png')}`)]);
    for (let sent = 0; sent < 1024; sent++) yield megabyte;
  }
  for (const headers of [{}, { 'Content-Length': String(1024 * 1024 * 1024) }]) {
    const { status, text } = await post(owner, form(), headers);
    expect(status).toBe(422);
    expect(read(text)('#pictures-error').text()).toBe(
      'These pictures are too large to send at once. Choose fewer of them.',
    );
  }
  expect(await thingsOf(site, owner)).toEqual([]);
  expect(
    await site.db.selectFrom('topicPictures').where('topicId', '=', owner.topicId).select('hash').execute(),
  ).toEqual([]);
});

/** Sends a form while it is made. Reads the answer also when it comes before the end of the form. */
async function post(
  { browser, manage }: Organiser,
  form: AsyncIterable<Buffer>,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; text: string }> {
  const { cookies } = (await browser.get('/profile')).request;
  const sent = request(`${site.origin}${manage}/pictures`, {
    method: 'POST',
    headers: {
      ...{ Cookie: cookies, 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' },
      ...{ 'Content-Type': 'multipart/form-data; boundary=b', ...headers },
    },
  });
  const answered = once(sent, 'response');
  pipeline(Readable.from(form), sent).catch(() => undefined);
  const [answer] = await answered;
  let text = '';
  for await (const chunk of answer) text += chunk;
  sent.destroy();
  return { status: answer.statusCode, text };
}
