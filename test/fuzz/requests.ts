import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Route } from '../browser/routes.js';
import type { Corpus, Form } from './corpus.js';
import { USER_AGENT } from './corpus.js';
import { bytesOf, type WireRequest } from './exchange.js';
import { fileContent, troublingText } from './texts.js';

/** A request by somebody, before it is written. Mutations change it. */
interface Draft {
  method: string;
  path: string;
  headers: [string, string][];
  fields: [string, string][];
  files: { field: string; filename: string; content: Buffer }[];
  isMultipart: boolean;
  /** Replaces the body that the fields would make. */
  body?: Buffer;
}

type Mutation = (draft: Draft) => void;

/** A request and who sends it. */
export interface FuzzRequest {
  actor: string;
  wire: WireRequest;
}

// These end what the other requests need, so most of them are sent only after a mutation, and few as they are.
const DESTRUCTIVE =
  /logout|close|delete|end|revoke|remove|off$|password|name$|restore|hand-over|people|claim/;

/** Requests of all actors: what they would really send, mostly with a few mutations, and some that break HTTP. */
export function fuzzRequests(corpora: Corpus[], routes: Route[]): fc.Arbitrary<FuzzRequest> {
  const names = [
    ...new Set(corpora.flatMap(({ forms }) => forms.flatMap(({ fields }) => fields.map(([name]) => name)))),
  ];
  const values = [
    ...new Set(corpora.flatMap(({ links }) => links.flatMap((link) => link.split(/[/?&=]/)))),
  ].filter(Boolean);
  const mutations = mutationsWith(names);
  return fc.constantFrom(...corpora).chain((corpus) =>
    fc
      .tuple(
        draftsOf(corpus, { routes, names, values }),
        fc.oneof(
          { weight: 1, arbitrary: fc.constant([] as Mutation[]) },
          { weight: 3, arbitrary: fc.array(mutations, { minLength: 1, maxLength: 4 }) },
        ),
        fc.oneof({ weight: 24, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: brokenBytes }),
        fc.integer({ min: 0, max: 9 }),
      )
      .map(([original, chosen, breakBytes, dice]) => {
        const draft = {
          ...original,
          headers: [...headersOf(corpus)],
          fields: [...original.fields],
        };
        draft.files = [...original.files];
        const isSpared =
          chosen.length === 0 && dice > 0 && DESTRUCTIVE.test(draft.path) && draft.method === 'POST';
        if (isSpared) draft.fields = [];
        for (const mutate of chosen) mutate(draft);
        const wire = write(draft);
        if (breakBytes) wire.raw = breakBytes(bytesOf(wire));
        return { actor: corpus.actor.name, wire };
      }),
  );
}

function headersOf({ actor }: Corpus): [string, string][] {
  return [
    ['Host', 'localhost'],
    ['User-Agent', USER_AGENT],
    ['Accept', 'text/html'],
    ...(actor.cookie ? [['Cookie', actor.cookie] as [string, string]] : []),
    ['Sec-Fetch-Site', 'same-origin'],
  ];
}

function draftsOf(
  { links, forms }: Corpus,
  { routes, names, values }: { routes: Route[]; names: string[]; values: string[] },
): fc.Arbitrary<Draft> {
  const empty = { headers: [], fields: [], files: [], isMultipart: false };
  const ofForm = ({ path, fields, files, isMultipart }: Form) =>
    fileContent.map(
      (content): Draft => ({
        ...{ method: 'POST', path, headers: [], fields, isMultipart },
        files: files.map((field) => ({ field, filename: 'table.csv', content })),
      }),
    );
  const parameter = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...values) },
    { weight: 1, arbitrary: troublingText.map((text) => escaped(text.slice(0, 2_000))) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 200 }).map(String) },
  );
  const field = fc.tuple(fc.constantFrom(...names), fc.oneof(troublingText, fc.constantFrom(...values)));
  const ofRoute = ({ path, methods }: Route) =>
    fc
      .tuple(
        fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom(...methods) },
          { weight: 1, arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS') },
        ),
        fc.array(parameter, { minLength: 3, maxLength: 3 }),
        fc.array(field, { maxLength: 6 }),
      )
      .map(([method, parameters, fields]): Draft => {
        const address = (path.split(',')[0] ?? '').replace(/:\w+/g, () => parameters.pop() ?? '');
        return { ...empty, method, path: address, fields: method === 'POST' ? fields : [] };
      });
  return fc.oneof(
    {
      weight: 4,
      arbitrary: forms.length
        ? fc.constantFrom(...forms).chain(ofForm)
        : fc.constantFrom(...routes).chain(ofRoute),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(...links).map((path): Draft => ({ ...empty, method: 'GET', path })),
    },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(
          ...routes.filter(
            ({ path }) => path.startsWith('/') && !path.startsWith('/\\') && !path.startsWith('/^'),
          ),
        )
        .chain(ofRoute),
    },
  );
}

const HEADERS = [
  ...[
    'Accept',
    'Accept-Encoding',
    'Accept-Language',
    'If-None-Match',
    'If-Modified-Since',
    'If-Range',
    'Range',
  ],
  ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Origin', 'Referer', 'Sec-Fetch-Site'],
  ...['HX-Request', 'HX-Request-Type', 'HX-Target', 'HX-Current-URL', 'Thinga-Poll', 'Content-Type', 'Host'],
  ...[
    'Content-Encoding',
    'Transfer-Encoding',
    'Content-Length',
    'Expect',
    'Upgrade',
    'Connection',
    'Authorization',
  ],
  ...['X-HTTP-Method-Override', 'Sec-GPC', 'Forwarded', 'User-Agent', 'Cookie'],
];

const HEADER_VALUES = [
  ...[
    '*',
    '*/*;q=0',
    'application/json',
    'text/html;q=2',
    'identity;q=0, *;q=0',
    'br',
    'W/"a", "b',
    '"',
    'bytes=0-',
    'bytes=-1',
  ],
  ...[
    'bytes=5-1,0-0,-0',
    'bytes=0-99999999999999999999',
    'same-origin',
    'cross-site',
    'none',
    'null',
    'true',
    'partial',
    'chunked',
  ],
  ...[
    '100-continue',
    'gzip',
    'deflate',
    'https',
    '1',
    '0',
    '-1',
    '99999999999',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    '::1%x',
    '256.1.1.1',
  ],
  ...[
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary="a',
    'application/x-www-form-urlencoded; charset=utf-16',
  ],
  ...[
    'application/x-www-form-urlencoded; charset=iso-8859-1',
    'text/plain',
    'websocket',
    'close, keep-alive',
  ],
];

const COOKIES = ['thinga', 'flash', 'device', 'guest', 'links', 'recovery'];

function mutationsWith(names: string[]): fc.Arbitrary<Mutation> {
  const index = fc.nat(50);
  const text = troublingText;
  const at = <Item>(list: Item[], position: number): Item | undefined => list[position % list.length];
  const oneHeader = (change: (headers: Draft['headers'], name: string, value: string) => void) =>
    fc.tuple(fc.constantFrom(...HEADERS), fc.oneof(fc.constantFrom(...HEADER_VALUES), text)).map(
      ([name, value]): Mutation =>
        ({ headers }) =>
          change(headers, name, value.slice(0, 15_000)),
    );
  return fc.oneof(
    // Fields: another value, another name, twice, or missing.
    {
      weight: 8,
      arbitrary: fc.tuple(index, text).map(
        ([position, value]): Mutation =>
          ({ fields }) => {
            const field = at(fields, position);
            if (field) fields.splice(position % fields.length, 1, [field[0], value]);
          },
      ),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom('', '[]', '[__proto__]', '[a][b]', '.x', '\0'), index).map(
        ([suffix, position]): Mutation =>
          ({ fields }) => {
            const field = at(fields, position);
            if (field) fields.push([field[0] + suffix, field[1]]);
          },
      ),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.oneof(fc.constantFrom(...names), text), text).map(
        ([name, value]): Mutation =>
          ({ fields }) => {
            fields.push([name, value]);
          },
      ),
    },
    {
      weight: 2,
      arbitrary: index.map(
        (position): Mutation =>
          ({ fields }) => {
            fields.splice(position % (fields.length || 1), 1);
          },
      ),
    },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 100, max: 3_000 }).map(
        (count): Mutation =>
          ({ fields }) => {
            for (let number = 0; number < count; number++) fields.push([`a${number}`, 'b']);
          },
      ),
    },
    // The address.
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.constantFrom(
            'q',
            'page',
            'at',
            'next',
            'thing',
            'read',
            'hold',
            'shown',
            'track',
            'without',
            'before',
            'sort',
            '__proto__',
            'a[b]',
          ),
          text,
        )
        .map(
          ([name, value]): Mutation =>
            (draft) => {
              draft.path += `${draft.path.includes('?') ? '&' : '?'}${name}=${escaped(value).slice(0, 12_000)}`;
            },
        ),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          index,
          fc.constantFrom(
            '%00',
            '%ff',
            '%2f',
            '//',
            '/./',
            '/../',
            '%',
            '\\',
            ';a',
            '%0d%0a',
            'é',
            '\ud83d\ude00',
            ' ',
            '#',
            '?',
            '%2e%2e',
          ),
        )
        .map(
          ([position, part]): Mutation =>
            (draft) => {
              const place = position % (draft.path.length + 1);
              draft.path = draft.path.slice(0, place) + part + draft.path.slice(place);
            },
        ),
    },
    // Headers: another value, or twice.
    {
      weight: 4,
      arbitrary: oneHeader((headers, name, value) => {
        const place = headers.findIndex(([known]) => known === name);
        headers.splice(place < 0 ? headers.length : place, place < 0 ? 0 : 1, [name, value]);
      }),
    },
    { weight: 2, arbitrary: oneHeader((headers, name, value) => headers.push([name, value], [name, value])) },
    // Cookies: cut, changed, twice, or junk.
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom(...COOKIES), text, index).map(
        ([name, value, position]): Mutation =>
          ({ headers }) => {
            const cookie = headers.find(([known]) => known === 'Cookie');
            const junk = `${name}=${escaped(value).slice(0, 4_000)}`;
            if (!cookie) headers.push(['Cookie', junk]);
            else if (position % 3 === 0) cookie[1] = cookie[1].slice(0, -1 - position);
            else
              cookie[1] =
                position % 3 === 1 ? `${junk}; ${cookie[1]}` : `${cookie[1]}; ${junk}; ${cookie[1]}`;
          },
      ),
    },
    // The body: another kind, another encoding, or no form.
    {
      weight: 2,
      arbitrary: fc.constant<Mutation>((draft) => {
        draft.isMultipart = !draft.isMultipart;
      }),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom('gzip', 'deflate', 'br', 'x'),
          fc.boolean(),
          fc.integer({ min: 1, max: 2_000_000 }),
        )
        .map(
          ([encoding, isWhole, size]): Mutation =>
            (draft) => {
              const packed = (encoding === 'deflate' ? deflateSync : gzipSync)(Buffer.alloc(size, 'a=b&'));
              draft.body = isWhole ? packed : packed.subarray(0, packed.length / 2);
              draft.headers.push(['Content-Encoding', encoding]);
            },
        ),
    },
    {
      weight: 2,
      arbitrary: fc.json({ maxDepth: 6 }).map(
        (json): Mutation =>
          (draft) => {
            draft.body = Buffer.from(json);
            draft.headers.push(['Content-Type', 'application/json']);
          },
      ),
    },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 500 }).map(
        (bytes): Mutation =>
          (draft) => {
            draft.body = Buffer.from(bytes);
          },
      ),
    },
    // Files.
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          fc.oneof(fc.constantFrom('files', 'picture', 'pictures', 'file', 'things', 'logo'), text),
          text,
          fileContent,
        )
        .map(
          ([field, filename, content]): Mutation =>
            (draft) => {
              draft.isMultipart = true;
              draft.files.push({ field, filename, content });
            },
        ),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom('GET', 'POST', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND')
        .map(
          (method): Mutation =>
            (draft) => {
              draft.method = method;
            },
        ),
    },
  );
}

/** Escapes a text for an address. A lone surrogate becomes the sign for what can't be read. */
const escaped = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

const BOUNDARY = 'fuzz-boundary';

function write(draft: Draft): WireRequest {
  const { method, path } = draft;
  const headers = [...draft.headers];
  const hasBody = draft.body || draft.fields.length > 0 || draft.files.length > 0 || method === 'POST';
  if (!hasBody || method === 'TRACE') return { method, path, headers, body: undefined };
  const has = (name: string) => headers.some(([known]) => known === name);
  const type = draft.isMultipart
    ? `multipart/form-data; boundary=${BOUNDARY}`
    : 'application/x-www-form-urlencoded';
  if (!has('Content-Type')) headers.push(['Content-Type', type]);
  const body = draft.body ?? (draft.isMultipart ? multipart(draft) : urlencoded(draft));
  if (!has('Content-Length') && !has('Transfer-Encoding'))
    headers.push(['Content-Length', String(body.length)]);
  return { method, path, headers, body };
}

function urlencoded({ fields }: Draft): Buffer {
  // A broken escape stays what it is.
  const write = (text: string): string =>
    !/%(zz|c3|ed|00)/.test(text) ? escaped(text) : text.replace(/[&=+ ]/g, '');
  return Buffer.from(
    fields
      .map(([name, value]) => `${write(name)}=${write(value)}`)
      .join('&')
      .slice(0, 60_000),
  );
}

function multipart({ fields, files }: Draft): Buffer {
  const part = (disposition: string, content: Buffer): Buffer[] => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ];
  const quoted = (text: string): string => `"${text.slice(0, 300)}"`;
  return Buffer.concat([
    ...fields.flatMap(([name, value]) => part(`name=${quoted(name)}`, Buffer.from(value))),
    ...files.flatMap(({ field, filename, content }) =>
      part(`name=${quoted(field)}; filename=${quoted(filename)}\r\nContent-Type: text/csv`, content),
    ),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
}

/** Changes of bytes that no HTTP client makes: cut, flipped, doubled, with other line ends, or not HTTP. */
const brokenBytes: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
  .tuple(
    fc.constantFrom('cut', 'flip', 'insert', 'line ends', 'twice', 'version', 'chunked'),
    fc.nat(),
    fc.nat(255),
  )
  .map(([kind, position, byte]) => (bytes) => {
    const place = position % bytes.length;
    const text = bytes.toString('latin1');
    switch (kind) {
      case 'cut':
        return bytes.subarray(0, place);
      case 'flip': {
        const flipped = Buffer.from(bytes);
        flipped[place] = byte;
        return flipped;
      }
      case 'insert':
        return Buffer.concat([bytes.subarray(0, place), Buffer.from([byte]), bytes.subarray(place)]);
      case 'line ends':
        return Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1');
      case 'twice':
        return Buffer.concat([bytes, bytes]);
      case 'version':
        return Buffer.from(
          text.replace('HTTP/1.1', ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', '', 'ICY'][byte % 5] ?? ''),
          'latin1',
        );
      default:
        return Buffer.from(
          text.replace(
            /\r\n\r\n/,
            `\r\nTransfer-Encoding: chunked\r\n\r\n${['5\r\nab', 'ffffffffffff\r\n', '-1\r\n', '0\r\n\r\n', 'x'][byte % 5]}`,
          ),
          'latin1',
        );
    }
  });
