import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { escaped, type Mutation } from './draft.js';
import { fileContent, troublingText } from './texts.js';

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

const QUERIES = [
  ...['q', 'page', 'at', 'next', 'thing', 'read', 'hold', 'shown', 'track', 'without', 'before', 'sort'],
  ...['__proto__', 'a[b]'],
];

const PATH_PARTS = [
  ...[
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
  ],
  '%2e%2e',
];

const FILE_FIELDS = ['files', 'picture', 'pictures', 'file', 'things', 'logo'];

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

const position = fc.nat(50);

/** Changes of a request. @param names the fields of all forms */
export function mutationsWith(names: string[]): fc.Arbitrary<Mutation> {
  return fc.oneof(
    { weight: 8, arbitrary: changeField },
    { weight: 2, arbitrary: fillField },
    { weight: 2, arbitrary: doubleField },
    { weight: 2, arbitrary: addField(names) },
    { weight: 2, arbitrary: dropField },
    { weight: 1, arbitrary: addManyFields },
    { weight: 3, arbitrary: addQuery },
    { weight: 2, arbitrary: changePath },
    { weight: 4, arbitrary: setHeader },
    { weight: 2, arbitrary: doubleHeader },
    { weight: 3, arbitrary: changeCookie },
    { weight: 2, arbitrary: switchEncoding },
    { weight: 2, arbitrary: compress },
    { weight: 2, arbitrary: sendJson },
    { weight: 1, arbitrary: sendBytes },
    { weight: 3, arbitrary: addFile },
    { weight: 2, arbitrary: changeMethod },
  );
}

const changeField = fc.tuple(position, troublingText).map(
  ([place, value]): Mutation =>
    ({ fields }) => {
      const field = fields[place % fields.length];
      if (field) fields[place % fields.length] = [field[0], value];
    },
);

/** Organisers may send 4 MB of names or of a table. */
const fillField = fc
  .tuple(
    position,
    fc.oneof(fc.constantFrom('Tea\n', 'a,"b""c",d\n', '\n', ','), troublingText),
    fc.nat(3_000_000),
  )
  .map(
    ([place, line, length]): Mutation =>
      ({ fields }) => {
        const field = fields[place % fields.length];
        const lines = Array.from(
          { length: Math.min(20_000, length / (line.length + 5)) },
          (_, row) => row + line,
        );
        if (field) fields[place % fields.length] = [field[0], lines.join('').slice(0, length)];
      },
  );

const doubleField = fc.tuple(position, fc.constantFrom('', '[]', '[__proto__]', '[a][b]', '.x', '\0')).map(
  ([place, suffix]): Mutation =>
    ({ fields }) => {
      const field = fields[place % fields.length];
      if (field) fields.push([field[0] + suffix, field[1]]);
    },
);

const addField = (names: string[]) =>
  fc.tuple(fc.oneof(fc.constantFrom(...names), troublingText), troublingText).map(
    (field): Mutation =>
      ({ fields }) =>
        fields.push(field),
  );

const dropField = position.map(
  (place): Mutation =>
    ({ fields }) => {
      fields.splice(place % (fields.length || 1), 1);
    },
);

const addManyFields = fc.integer({ min: 100, max: 3_000 }).map(
  (count): Mutation =>
    ({ fields }) => {
      for (let number = 0; number < count; number++) fields.push([`a${number}`, 'b']);
    },
);

const addQuery = fc.tuple(fc.constantFrom(...QUERIES), troublingText).map(
  ([name, value]): Mutation =>
    (draft) => {
      draft.path += `${draft.path.includes('?') ? '&' : '?'}${name}=${escaped(value).slice(0, 12_000)}`;
    },
);

const changePath = fc.tuple(position, fc.constantFrom(...PATH_PARTS)).map(
  ([place, part]): Mutation =>
    (draft) => {
      const index = place % (draft.path.length + 1);
      draft.path = draft.path.slice(0, index) + part + draft.path.slice(index);
    },
);

const header = fc
  .tuple(fc.constantFrom(...HEADERS), fc.oneof(fc.constantFrom(...HEADER_VALUES), troublingText))
  .map(([name, value]): [string, string] => [name, value.slice(0, 15_000)]);

const setHeader = header.map(
  (changed): Mutation =>
    ({ headers }) => {
      const index = headers.findIndex(([name]) => name === changed[0]);
      if (index < 0) headers.push(changed);
      else headers[index] = changed;
    },
);

const doubleHeader = header.map(
  (added): Mutation =>
    ({ headers }) =>
      headers.push(added, added),
);

/** Cuts the cookies, or puts junk before or after them. */
const changeCookie = fc.tuple(fc.constantFrom(...COOKIES), troublingText, position).map(
  ([name, value, place]): Mutation =>
    ({ headers }) => {
      const index = headers.findIndex(([known]) => known === 'Cookie');
      const before = headers[index]?.[1] ?? '';
      const junk = `${name}=${escaped(value).slice(0, 4_000)}`;
      const kinds = [before.slice(0, -1 - place), `${junk}; ${before}`, `${before}; ${junk}; ${before}`];
      const cookie: [string, string] = ['Cookie', kinds[place % 3] ?? ''];
      if (index < 0) headers.push(cookie);
      else headers[index] = cookie;
    },
);

const switchEncoding = fc.constant<Mutation>((draft) => {
  draft.isMultipart = !draft.isMultipart;
});

const compress = fc
  .tuple(fc.constantFrom('gzip', 'deflate', 'br', 'x'), fc.boolean(), fc.integer({ min: 1, max: 2_000_000 }))
  .map(
    ([encoding, isWhole, size]): Mutation =>
      (draft) => {
        const packed = (encoding === 'deflate' ? deflateSync : gzipSync)(Buffer.alloc(size, 'a=b&'));
        draft.body = isWhole ? packed : packed.subarray(0, packed.length / 2);
        draft.headers.push(['Content-Encoding', encoding]);
      },
  );

const sendJson = fc.json({ maxDepth: 6 }).map(
  (json): Mutation =>
    (draft) => {
      draft.body = Buffer.from(json);
      draft.headers.push(['Content-Type', 'application/json']);
    },
);

const sendBytes = fc.uint8Array({ maxLength: 500 }).map(
  (bytes): Mutation =>
    (draft) => {
      draft.body = Buffer.from(bytes);
    },
);

const addFile = fc
  .tuple(fc.oneof(fc.constantFrom(...FILE_FIELDS), troublingText), troublingText, fileContent)
  .map(
    ([field, filename, content]): Mutation =>
      (draft) => {
        draft.isMultipart = true;
        draft.files.push({ field, filename, content });
      },
  );

const changeMethod = fc.constantFrom(...METHODS).map(
  (method): Mutation =>
    (draft) => {
      draft.method = method;
    },
);

/** Changes of bytes that no HTTP client makes: cut, flipped, doubled, with other line ends, or not HTTP. */
export const brokenBytes: fc.Arbitrary<(bytes: Buffer) => Buffer> = fc
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
