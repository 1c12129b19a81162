import type { Route } from '../browser/routes.js';
import { read } from '../site.js';
import type { Exchange } from './exchange.js';

/** Somebody who uses the site. */
export interface Actor {
  name: string;
  /** The value of the header `Cookie`; empty for a visitor. */
  cookie: string;
}

/** A form as a page shows it. */
export interface Form {
  path: string;
  isMultipart: boolean;
  fields: [name: string, value: string][];
  /** The names of its fields for files. */
  files: string[];
}

/** What one actor can reach. */
export interface Corpus {
  actor: Actor;
  /** Addresses that pages link to. */
  links: string[];
  forms: Form[];
}

/** The most addresses of one route that are opened: the pages of two things have the same forms. */
const PER_ROUTE = 3;

const MAX_PAGES = 250;

/** Opens the pages of the site as an actor, from link to link, and returns the links and forms on them. */
export async function explore(
  actor: Actor,
  { exchange, routes, start }: { exchange: Exchange; routes: Route[]; start: string[] },
): Promise<Corpus> {
  const opened = new Map<Route, number>();
  const [links, forms, waiting] = [new Set<string>(), new Map<string, Form>(), [...start]];
  for (let path = waiting.shift(); path && links.size < MAX_PAGES; path = waiting.shift()) {
    const { pathname } = new URL(path, 'http://site');
    const route = routes.find(({ methods, matches }) => methods.includes('GET') && matches(pathname));
    const times = route ? (opened.get(route) ?? 0) : PER_ROUTE;
    if (links.has(path) || !route || times >= PER_ROUTE) continue;
    opened.set(route, times + 1);
    links.add(path);
    const headers: [string, string][] = [
      ['Host', 'localhost'],
      ['User-Agent', USER_AGENT],
      ['Cookie', actor.cookie],
    ];
    const { text } = await exchange.send({ method: 'GET', path, headers, body: undefined });
    if (!/^<!doctype html/i.test(text)) continue;
    const page = readPage(text, path);
    waiting.push(...page.links);
    for (const form of page.forms) forms.set(`${form.path} ${form.fields.map(([name]) => name)}`, form);
  }
  return { actor, links: [...links], forms: [...forms.values()] };
}

/** The browser of all actors. A session ends when another one uses it. */
export const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

function readPage(html: string, path: string): { links: string[]; forms: Form[] } {
  const $ = read(html);
  const local = (address: string | undefined): string => {
    const { pathname, search } = new URL(address || path, `http://site${path}`);
    return pathname + search;
  };
  const links = $('a[href^="/"], img[src^="/"]')
    .toArray()
    .map((element) => local($(element).attr('href') ?? $(element).attr('src')));
  const forms = $('form')
    .toArray()
    .map((element): Form => {
      const inputs = $(element).find('[name]').toArray();
      const isFile = (input: (typeof inputs)[number]) => $(input).attr('type') === 'file';
      return {
        path: local($(element).attr('action')),
        isMultipart: $(element).attr('enctype') === 'multipart/form-data',
        fields: inputs
          .filter((input) => !isFile(input))
          .map((input) => [$(input).attr('name') ?? '', String($(input).val() || 'Something')]),
        files: inputs.filter(isFile).map((input) => $(input).attr('name') ?? ''),
      };
    });
  return { links, forms };
}
