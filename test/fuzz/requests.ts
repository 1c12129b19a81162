import fc from 'fast-check';
import type { Route } from '../browser/routes.js';
import type { Corpus, Form } from './corpus.js';
import { USER_AGENT } from './corpus.js';
import { type Draft, escaped, type Mutation, write } from './draft.js';
import { bytesOf, type WireRequest } from './exchange.js';
import { brokenBytes, mutationsWith } from './mutations.js';
import { fileContent, troublingText } from './texts.js';

/** A request and who sends it. */
export interface FuzzRequest {
  actor: string;
  wire: WireRequest;
}

// These end what the other requests need, so one in twenty is sent.
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
        fc.integer({ min: 0, max: 19 }),
      )
      .map(([original, chosen, breakBytes, dice]) => {
        const draft = {
          ...original,
          headers: [...headersOf(corpus)],
          fields: [...original.fields],
        };
        draft.files = [...original.files];
        if (dice > 0 && DESTRUCTIVE.test(draft.path)) draft.method = 'GET';
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
