import { load } from 'cheerio';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalAddress, networkOf, parseSubnet } from '../../src/addresses.js';
import { fingerprint } from '../../src/auth/sessions/fingerprint.js';
import { checkUsername, usernameKey } from '../../src/auth/users/usernames.js';
import { decodeText } from '../../src/catalog/decode-text.js';
import { renderMarkdown } from '../../src/catalog/markdown.js';
import { slugOf } from '../../src/catalog/slug.js';
import { readThings } from '../../src/catalog/things-input.js';
import { parseTimestamp } from '../../src/catalog/timestamp.js';
import { localPath, localPathFromUrl } from '../../src/http/local-path.js';
import { parseSearchQuery } from '../../src/ranking/pages/leaderboard.js';
import { type Ballot, readBallot, signBallot } from '../../src/voting/ballot.js';
import { fileContent, troublingText } from './texts.js';

// The same texts in each run, so that a failure is there again.
const check = (property: fc.IProperty<[string]> | fc.IAsyncProperty<[string]>) =>
  fc.assert(property as fc.IAsyncProperty<[string]>, { seed: 20_261_130, numRuns: 500 });

it('reads any text without a fault', () =>
  check(
    fc.property(troublingText, (text) => {
      for (const read of [
        ...[canonicalAddress, networkOf, parseSubnet, checkUsername, usernameKey, parseTimestamp],
        ...[parseSearchQuery, localPath, localPathFromUrl, (name: string) => slugOf(name, 60)],
        ...[
          (agent: string) => fingerprint(agent, 'secret'),
          (ballot: string) => readBallot(ballot, ['secret']),
        ],
      ])
        read(text);
    }),
  ));

it('decodes any file', () =>
  fc.assert(
    fc.property(fileContent, (bytes) => {
      expect(typeof decodeText(bytes)).toBe('string');
    }),
    { seed: 20_261_130, numRuns: 500 },
  ));

it('goes to a path of this site alone after a log-in', () =>
  check(
    fc.property(
      fc.oneof(
        troublingText,
        troublingText.map((text) => `/${text}`),
      ),
      (next) => {
        const path = localPath(next);
        expect(new URL(path, 'https://thinga.example').host).toBe('thinga.example');
        // Encoded, it may be too long for a second time.
        if (path.length <= 2000) expect(localPath(path)).toBe(path);
      },
    ),
  ));

it('prints no script from a text in Markdown', () =>
  check(
    fc.property(troublingText, (text) => {
      const $ = load(renderMarkdown(text));
      expect($('script, style, iframe, object, embed, form, svg, [onerror], [onload], [style]').length).toBe(
        0,
      );
      for (const element of $('a[href]').toArray())
        expect($(element).attr('href')).toMatch(/^(https?:|mailto:)/i);
    }),
  ));

it('reads a ballot as it was signed, and none that was changed', () => {
  const offer = fc.record({
    ...{ topicId: fc.nat(), leftId: fc.nat(), rightId: fc.nat(), voterId: fc.nat(), isGuest: fc.boolean() },
    strategy: fc.constantFrom<Ballot['strategy'][]>('asked', 'common'),
  });
  fc.assert(
    fc.property(offer, fc.nat(), fc.integer({ min: 1, max: 255 }), (values, position, change) => {
      const signed = signBallot(values, 'secret');
      expect(readBallot(signed, ['newer', 'secret'])).toMatchObject(values);
      const index = position % signed.length;
      const other = String.fromCharCode(signed.charCodeAt(index) ^ change);
      expect(readBallot(signed.slice(0, index) + other + signed.slice(index + 1), ['secret'])).toBe('forged');
    }),
    { seed: 20_261_130, numRuns: 500 },
  );
});

it('reads each cell of a table as it was written', () =>
  check(
    fc.asyncProperty(troublingText, async (text) => {
      const cell = text.slice(0, 200);
      const { rows } = await readThings(
        stringify([
          ['name', 'description'],
          ['Tea', cell],
        ]),
      );
      expect(rows.map(({ cells }) => cells.name)).toEqual(['Tea']);
      const plain = /^[\p{L}\d<>{}$%&=*+_.;:/-]+$/u.test(cell) && cell.normalize('NFC') === cell;
      if (plain && !cell.startsWith("'")) expect(rows[0]?.cells.description).toBe(cell);
    }),
  ));
