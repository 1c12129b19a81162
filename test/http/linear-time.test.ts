import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';
import type { Request } from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isCommonPassword, Passwords } from '../../src/auth/passwords/passwords.js';
import { describeDevice } from '../../src/auth/sessions/fingerprint.js';
import { readRows } from '../../src/catalog/csv.js';
import { importThings } from '../../src/catalog/import-things.js';
import { RowProblems } from '../../src/catalog/row-problems.js';
import { parseTimestamp } from '../../src/catalog/timestamp.js';
import { clientAddress } from '../../src/http/client-address.js';
import { localPath, localPathFromUrl } from '../../src/http/local-path.js';
import { parseSearchQuery } from '../../src/ranking/pages/leaderboard.js';
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

/** A function that reads input from outside, and a long input that is hard to read. */
interface Case {
  read: (input: string) => unknown;
  input: (length: number) => string;
  /** The longest possible input, or one that is long enough to show the growth. */
  length: number;
}

// The limits: Node accepts 16 kB of headers, the site 32 kB of form, an import 100,000 characters a row.
const [HEADER, FORM, ROW] = [15_000, 30_000, 96_000];

/** Returns a function that repeats a text up to a length, between a start and an end. */
const filled =
  (part: string, start = '', end = 'x') =>
  (length: number): string =>
    `${start}${part.repeat(Math.floor(length / Buffer.byteLength(part)))}${end}`;

const short = (): string => 'one';

// Marks above a letter, and then marks below it. Normalisation sorts them the other way round.
const marks = (length: number): string => `a${'\u0301'.repeat(length / 4)}${'\u0323'.repeat(length / 4)}`;
// A letter that becomes a mark when it is normalised, and then comes before the other mark.
const halfWidth = filled('\u0301\uff9e');

const cases: Record<string, Case> = {
  'If-None-Match of spaces': entityTags(filled(' ', 'a')),
  'If-None-Match of tabs': entityTags(filled('\t', 'a')),
  'If-None-Match of commas': entityTags(filled(' ,')),
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
  'Range of ranges': header('Range', '/styles/base.css', filled('0-1,', 'bytes=')),
  'X-Forwarded-For of commas': posted('X-Forwarded-For', filled(', ')),
  'Content-Type of quotes': posted('Content-Type', filled(';a="')),
  'path of dots': path(filled('.a', '/', '!')),
  'path of slashes': path(filled('/', '/a')),
  'path of a thing': path(filled('1', '/things/')),
  'search for spaces': path(filled('+', '/ranking?q=a')),
  'search for percent signs': path(filled('%', '/ranking?q=')),
  'page number': path(filled('1', '/ranking?page=')),
  'name with marks at the log-in': form('/login', { username: marks, password: short }),
  'name with marks, to register': form('/register', { username: marks, password: short }),
  'password with marks': { read: matches, input: marks, length: FORM },
  'name of spaces': form('/login', { username: filled(' ', 'a'), password: short }),
  'ballot of dots': form('/vote', { ballot: filled('.'), choice: short }),
  'choice of letters': form('/vote', { ballot: short, choice: filled('a') }),
  'next with dots': form('/login', { username: short, password: short, next: filled('../', '/') }),
  'Referer with a foreign host': {
    read: localPathFromUrl,
    input: (length) => `http://${[...distinct(length / 9)].map(encodeURIComponent).join('')}/`,
    length: HEADER,
  },
  'Referer with marks': {
    read: localPathFromUrl,
    input: filled('%CC%81%CC%A3', 'http://a', '/'),
    length: HEADER,
  },
  'User-Agent of spaces': { read: device, input: filled(' ', 'Mozilla/5.0 ('), length: HEADER },
  'User-Agent of versions': { read: device, input: filled('version/'), length: HEADER },
  'forwarded address': { read: address, input: filled('a', '::1%'), length: HEADER },
  'path to go to': { read: localPath, input: filled('%2e/', '/'), length: FORM },
  'search for line breaks': { read: parseSearchQuery, input: filled('\n', 'a'), length: HEADER },
  ballot: { read: (text) => readBallot(text, ['a', 'b']), input: filled('.'), length: FORM },
  'timestamp with a fraction': {
    read: parseTimestamp,
    input: filled('1', '2014-01-31T18:30:00.'),
    length: ROW,
  },
  'password with half-width marks': { read: isCommonPassword, input: halfWidth, length: FORM },
  'cell of apostrophes': { read: rows, input: filled("'"), length: ROW },
  'cell of spaces': { read: rows, input: filled(' ', 'a'), length: ROW },
  'cell with marks': { read: rows, input: marks, length: ROW },
  'row of quotes': { read: rows, input: filled('""', '"', '"'), length: ROW },
  'row of commas': { read: rows, input: filled(','), length: ROW },
  'thing of long cells': { read: things, input: thing, length: ROW },
  'error of letters': { read: explainMessage, input: filled('a'), length: HEADER },
  'error of addresses': { read: explainMessage, input: filled('a://:'), length: HEADER },
};

// One long input against eight short ones: linear time takes the same, quadratic time eight times as long. A busy
// machine shifts the ratio a little, so the limit is as far from the one as from the other: the root of eight.
const LIMIT = Math.sqrt(8);

it.each(Object.entries(cases))(
  'reads eight times the input in about eight times the time: %s',
  async (_name, { read, input, length }) => {
    const [short, long] = [input(length / 8), input(length)];
    let repeats = 1;
    const eightShort = () => timed(8 * repeats, () => read(short));
    const oneLong = () => timed(repeats, () => read(long));
    await eightShort();
    while ((await eightShort()) < 5) repeats *= 2;
    // Other work on the machine only adds time, so the minimum of more rounds is more exact.
    let [minShort, minLong] = [Infinity, Infinity];
    for (let round = 0; round < 5 || (round < 40 && minLong >= LIMIT * minShort); round++) {
      minShort = Math.min(minShort, await eightShort());
      minLong = Math.min(minLong, await oneLong());
    }
    expect(minLong / minShort).toBeLessThan(LIMIT);
  },
);

async function timed(times: number, work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  for (let run = 0; run < times; run++) await work();
  return performance.now() - startedAt;
}

// The fragment that pages poll.
function entityTags(input: Case['input']): Case {
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

// The form is refused, so no password is hashed.
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

// Each request comes from another address, so that no rate limit applies.
function send(
  method: string,
  at: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<void> {
  visitors++;
  return new Promise((resolve, reject) => {
    const allHeaders = {
      'Sec-Fetch-Site': 'same-origin',
      'Content-Type': 'application/x-www-form-urlencoded',
      'X-Forwarded-For': `10.8.${Math.floor(visitors / 250) % 250}.${visitors % 250}`,
      ...headers,
    };
    const sent = request(site.origin, { agent, method, path: at, headers: allHeaders }, (answer) => {
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
    { problems: new RowProblems() },
  ));
}

// The row is refused for its picture and its link, so that nothing changes.
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

function explainMessage(text: string): string {
  return explain(new Error(text));
}

let agents = 0;

// Different each time, because parsed user agents are cached.
function device(userAgent: string): string {
  return describeDevice(`${agents++} ${userAgent}`);
}

function address(text: string): string {
  return clientAddress({ ip: text } as Request);
}

function* distinct(count: number): Generator<string> {
  for (let index = 0; index < count; index++) yield String.fromCodePoint(0x4e00 + index);
}
