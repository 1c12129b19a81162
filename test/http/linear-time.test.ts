import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';
import type { Request } from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isCommon, Passwords } from '../../src/auth/passwords/passwords.js';
import { describeDevice } from '../../src/auth/sessions/fingerprint.js';
import { readRows } from '../../src/catalog/csv.js';
import { importThings } from '../../src/catalog/import-things.js';
import { readMoment } from '../../src/catalog/moment.js';
import { Problems } from '../../src/catalog/row-problems.js';
import { clientAddress } from '../../src/http/address.js';
import { localPath, localPathOf } from '../../src/http/local-path.js';
import { readSearch } from '../../src/ranking/pages/leaderboard.js';
import { explain } from '../../src/startup-error.js';
import { readBallot } from '../../src/voting/ballot.js';
import { HTMX, topic, useSite } from '../site.js';

const site = useSite({ trustProxy: 1 });
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

const passwords = new Passwords(4);

beforeAll(() => topic(site));
afterAll(async () => {
  agent.destroy();
  await passwords.close();
});

/** What reads an input from outside, and a long input that is hard to read. */
interface Case {
  read: (input: string) => unknown;
  input: (length: number) => string;
  /** The longest that can come in, or long enough to see. */
  length: number;
}

// Node takes 16 kB of headers, the site 32 kB of form, an import 100,000 characters a row.
const [HEADER, FORM, ROW] = [15_000, 30_000, 96_000];

/** So much of a text over and over, between a beginning and an end. */
const filled =
  (part: string, start = '', end = 'x') =>
  (length: number): string =>
    `${start}${part.repeat(Math.floor(length / Buffer.byteLength(part)))}${end}`;

const one = (): string => 'one';

// Marks above a letter, and then those below it, which are to come before them.
const marks = (length: number): string => `a${'\u0301'.repeat(length / 4)}${'\u0323'.repeat(length / 4)}`;
// A letter by itself, and a mark to come before the other once it is normalised.
const halfWidth = filled('\u0301\uff9e');

const cases: Record<string, Case> = {
  'If-None-Match of spaces': known(filled(' ', 'a')),
  'If-None-Match of tabs': known(filled('\t', 'a')),
  'If-None-Match of commas': known(filled(' ,')),
  'Cookie of spaces': header('Cookie', '/', filled(' ', 'a=b;')),
  'Cookie of semicolons': header('Cookie', '/', filled('; ')),
  'Cookie of junk cookies': header('Cookie', '/', filled('a=b; ')),
  'Cookie of flashes': header('Cookie', '/', filled('flash=; ')),
  'Cookie of cut sessions': header('Cookie', '/', filled('thinga=s%3A.; ')),
  'Cookie of a long session': header('Cookie', '/', filled('.', 'thinga=s%3A')),
  'Cookie of a long guest': header('Cookie', '/vote', filled('.', 'guest=')),
  'Accept of quotes': header('Accept', '/nowhere', filled(',""', 'a/b;"')),
  'Accept of parameters': header('Accept', '/nowhere', filled(';""', 'a/b;"')),
  'Accept of types': header('Accept', '/nowhere', filled('a/b,')),
  'Accept-Encoding of spaces': header('Accept-Encoding', '/', filled(' ', 'b')),
  'Accept-Encoding of names': header('Accept-Encoding', '/', filled('br,')),
  'Range of ranges': header('Range', '/app.css', filled('0-1,', 'bytes=')),
  'X-Forwarded-For of commas': posted('X-Forwarded-For', filled(', ')),
  'Content-Type of quotes': posted('Content-Type', filled(';a="')),
  'path of dots': path(filled('.a', '/', '!')),
  'path of slashes': path(filled('/', '/a')),
  'path of a thing': path(filled('1', '/things/')),
  'search for spaces': path(filled('+', '/ranking?q=a')),
  'search for percent signs': path(filled('%', '/ranking?q=')),
  'page number': path(filled('1', '/ranking?page=')),
  'name with marks at the log-in': form('/login', { username: marks, password: one }),
  'name with marks, to register': form('/register', { username: marks, password: one }),
  'password with marks': { read: matches, input: marks, length: FORM },
  'name of spaces': form('/login', { username: filled(' ', 'a'), password: one }),
  'ballot of dots': form('/vote', { ballot: filled('.'), choice: one }),
  'choice of letters': form('/vote', { ballot: one, choice: filled('a') }),
  'next with dots': form('/login', { username: one, password: one, next: filled('../', '/') }),
  'Referer with a foreign host': {
    read: localPathOf,
    input: (length) => `http://${[...distinct(length / 9)].map(encodeURIComponent).join('')}/`,
    length: HEADER,
  },
  'Referer with marks': { read: localPathOf, input: filled('%CC%81%CC%A3', 'http://a', '/'), length: HEADER },
  'User-Agent of spaces': { read: device, input: filled(' ', 'Mozilla/5.0 ('), length: HEADER },
  'User-Agent of versions': { read: device, input: filled('version/'), length: HEADER },
  'forwarded address': { read: address, input: filled('a', '::1%'), length: HEADER },
  'path to go to': { read: localPath, input: filled('%2e/', '/'), length: FORM },
  'search for line breaks': { read: readSearch, input: filled('\n', 'a'), length: HEADER },
  ballot: { read: (text) => readBallot(text, ['a', 'b']), input: filled('.'), length: FORM },
  'moment with a fraction': { read: readMoment, input: filled('1', '2014-01-31T18:30:00.'), length: ROW },
  'password with half-width marks': { read: isCommon, input: halfWidth, length: FORM },
  'cell of apostrophes': { read: rows, input: filled("'"), length: ROW },
  'cell of spaces': { read: rows, input: filled(' ', 'a'), length: ROW },
  'cell with marks': { read: rows, input: marks, length: ROW },
  'row of quotes': { read: rows, input: filled('""', '"', '"'), length: ROW },
  'row of commas': { read: rows, input: filled(','), length: ROW },
  'thing of long cells': { read: things, input: thing, length: ROW },
  'error of letters': { read: told, input: filled('a'), length: HEADER },
  'error of addresses': { read: told, input: filled('a://:'), length: HEADER },
};

// What takes the square of its length takes eight times as long here, and what takes a time of its length the same.
it.each(Object.entries(cases))(
  'reads eight times as much in about eight times the time: %s',
  async (_name, { read, input, length }) => {
    const [short, long] = [input(length / 8), input(length)];
    let repeats = 1;
    const eightShort = () => timed(8 * repeats, () => read(short));
    const oneLong = () => timed(repeats, () => read(long));
    await eightShort();
    while ((await eightShort()) < 5) repeats *= 2;
    // Whatever else the machine does can only add to the least time, so more rounds bring both nearer to the truth.
    let [least, leastLong] = [Infinity, Infinity];
    for (let round = 0; round < 5 || (round < 40 && leastLong >= 2 * least); round++) {
      least = Math.min(least, await eightShort());
      leastLong = Math.min(leastLong, await oneLong());
    }
    expect(leastLong / least).toBeLessThan(2);
  },
);

async function timed(times: number, work: () => unknown): Promise<number> {
  const began = performance.now();
  for (let time = 0; time < times; time++) await work();
  return performance.now() - began;
}

// A part of a page that is asked for again and again.
function known(input: Case['input']): Case {
  const read = (tags: string) =>
    send('GET', '/topics/foods/top', { headers: { ...HTMX, 'If-None-Match': tags } });
  return { read, input, length: HEADER };
}

function header(name: string, at: string, input: Case['input']): Case {
  return { read: (value) => send('GET', at, { headers: { [name]: value } }), input, length: HEADER };
}

function path(input: Case['input']): Case {
  return { read: (at) => send('GET', at), input, length: HEADER };
}

// With a form, which is refused, so that no password is worked on.
function posted(name: string, input: Case['input']): Case {
  const read = (value: string) =>
    send('POST', '/register', { headers: { [name]: value }, body: 'username=a' });
  return { read, input, length: HEADER };
}

function form(at: string, fields: Record<string, Case['input']>): Case {
  const input = (length: number): string =>
    Object.entries(fields)
      .map(([field, fill]) => `${field}=${fill(length)}`)
      .join('&');
  return { read: (body) => send('POST', at, { body }), input, length: FORM };
}

let visitors = 0;

// Each from another address, so that nobody is asked to wait.
function send(
  method: string,
  at: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<void> {
  visitors++;
  return new Promise((resolve, reject) => {
    const given = {
      'Sec-Fetch-Site': 'same-origin',
      'Content-Type': 'application/x-www-form-urlencoded',
      'X-Forwarded-For': `10.8.${Math.floor(visitors / 250) % 250}.${visitors % 250}`,
      ...headers,
    };
    const sent = request(site.origin, { agent, method, path: at, headers: given }, (answer) => {
      answer.resume().on('end', () => {
        const status = answer.statusCode ?? 0;
        if (status < 500 && status !== 431) resolve();
        else reject(new Error(`${method} ${at.slice(0, 50)} was answered ${status}`));
      });
    });
    sent.on('error', reject).end(body);
  });
}

async function rows(line: string): Promise<void> {
  const source = Readable.from([`name\n${line}\n`]);
  for await (const _batch of readRows(
    source,
    { required: ['name'], optional: [] },
    new Problems(),
    () => undefined,
  ));
}

// Refused for its picture and its link, so that nothing changes.
async function things(row: string): Promise<void> {
  const source = Readable.from([`name,picture,description,link\nRamen,${row}\n`]);
  await expect(importThings(site.db, source, { slug: 'foods' })).rejects.toThrow('row 2');
}

function thing(length: number): string {
  return [filled('a/', '', '!'), filled(' ', 'a'), filled('/', 'http:')]
    .map((cell) => cell(length / 3))
    .join();
}

function matches(password: string): Promise<boolean> {
  return passwords.matches(password, undefined);
}

function told(text: string): string {
  return explain(new Error(text));
}

let agents = 0;

// Those that were read before are remembered.
function device(userAgent: string): string {
  return describeDevice(`${agents++} ${userAgent}`);
}

function address(text: string): string {
  return clientAddress({ ip: text } as Request);
}

function* distinct(count: number): Generator<string> {
  for (let index = 0; index < count; index++) yield String.fromCodePoint(0x4e00 + index);
}
