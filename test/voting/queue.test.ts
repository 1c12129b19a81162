import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  type Browser,
  itOnRedis,
  ledgerOf,
  member,
  openSite,
  pairOn,
  read,
  type Site,
  thingNames,
  topic,
  useSite,
  visit,
  vote,
} from '../site.js';

const site = useSite();
/** Another process of the same site. */
let beside: Site;
let topics = 0;

beforeAll(async () => {
  beside = await openSite({}, { beside: site });
});
afterAll(() => beside.close());

const device = fc.nat(1);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('answer' as const), device, choice: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('skip' as const), device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unknown' as const), device }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('undo' as const), device }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('look' as const), device }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open a tab' as const), device }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer in the tab' as const), device }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ask' as const), device, thing: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose the queue' as const), device }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

interface Shown {
  ballot: string;
  left: string;
  right: string;
}

it.for(['member', 'guest'] as const)(
  'shows no pair twice, none past which one could get, and nothing they don’t know, whatever a %s does',
  { timeout: 180_000 },
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const walk = await Walk.begin(kind);
        for (const one of steps) await walk.take(one);
        await walk.end();
      }),
      { numRuns: 8 },
    );
  },
);

/** A voter with two devices, each served by another process, and what must hold of what they are shown. */
class Walk {
  readonly #devices: [Browser, Browser];
  readonly #path: string;
  readonly #voter: number;
  readonly #names: string[];
  /** Their answers that stand, oldest first. */
  #standing: { pair: string; unknown?: string; isLatest: boolean; isAsked: boolean }[] = [];
  readonly #tabs: (Shown | undefined)[] = [undefined, undefined];
  /** The pair that must be shown; undefined when that is open. */
  #front: string | undefined;

  private constructor(devices: [Browser, Browser], slug: string, voter: number, names: string[]) {
    this.#devices = devices;
    this.#path = `/topics/${slug}/vote`;
    this.#voter = voter;
    this.#names = names;
  }

  static async begin(kind: 'member' | 'guest'): Promise<Walk> {
    const slug = `walk-${++topics}`;
    const { names } = await topic(site, { slug, names: thingNames(7) });
    await beside.boards.refresh();
    if (kind === 'guest') return Walk.#beginAsGuest(slug, names);
    const { browser, username, password, id } = await member(site);
    // Without Redis a site is one process, which keeps the queues itself.
    const other = visit(inject('redis') ? beside : site);
    await other.post('/login').type('form').send({ username, password }).expect(303);
    return new Walk([browser, other], slug, id, names);
  }

  // A guest is there from the first vote on, with which a topic of its own is done.
  static async #beginAsGuest(slug: string, names: string[]): Promise<Walk> {
    const first = await topic(site, { slug: `first-of-${slug}`, names: thingNames(2) });
    await beside.boards.refresh();
    const path = `/topics/${first.slug}/vote`;
    const { ballot } = pairOn((await visit(site).get(path)).text);
    const { headers } = await visit(site)
      .post(path)
      .type('form')
      .send({ ballot, choice: 'left' })
      .expect(303);
    const [cookie = ''] = String(headers['set-cookie']?.[0]).split(';');
    const [guest] = await site.db
      .selectFrom('voters')
      .where('kind', '=', 'guest')
      .orderBy('id', 'desc')
      .select('id')
      .execute();
    const browserOn = (one: Site): Browser => visit(one).set('Cookie', cookie);
    const devices: [Browser, Browser] = [browserOn(site), browserOn(inject('redis') ? beside : site)];
    return new Walk(devices, slug, guest?.id ?? 0, names);
  }

  async take(step: Step): Promise<void> {
    const browser = this.#devices[step.device] as Browser;
    switch (step.kind) {
      case 'answer':
      case 'skip':
      case 'unknown': {
        const shown = await this.#look(browser);
        if (!shown) return;
        const choice = step.kind === 'answer' ? ['left', 'right', 'tie'][step.choice % 3] : step.kind;
        return this.#answer(browser, shown, choice === 'unknown' ? 'unknown-left' : (choice ?? 'left'));
      }
      case 'look':
        await this.#look(browser);
        return;
      case 'open a tab':
        this.#tabs[step.device] = await this.#look(browser);
        return;
      case 'answer in the tab': {
        const shown = this.#tabs[step.device];
        this.#tabs[step.device] = undefined;
        return shown && this.#answer(browser, shown, 'right');
      }
      case 'undo':
        return this.#undo(browser);
      case 'ask':
        return this.#ask(browser, this.#names[step.thing % this.#names.length] ?? '');
      case 'lose the queue':
        for (const key of (await site.redis?.keys(`${site.prefix}queue:${this.#voter}:*`)) ?? [])
          await site.redis?.del(key);
        if (site.redis) this.#front = undefined;
    }
  }

  /** What was answered stands once in the ledger, and nothing else. */
  async end(): Promise<void> {
    const slug = this.#path.split('/')[2] ?? '';
    const standing = await site.db
      .selectFrom('votes')
      .innerJoin('topics', 'topics.id', 'topicId')
      .where('slug', '=', slug)
      .where('voterId', '=', this.#voter)
      .where('withdrawnAt', 'is', null)
      .select('votes.id')
      .execute();
    expect(standing).toHaveLength(this.#standing.length);
  }

  async #look(browser: Browser, query = ''): Promise<Shown | undefined> {
    const { text } = await browser.get(this.#path + query).expect(200);
    const shown = pairOn(text);
    if (shown.ballot === '') {
      expect(read(text)('#pair h2').text()).toMatch(/You have answered every pair|today’s pairs for guests/);
      expect(this.#front).toBeUndefined();
      return undefined;
    }
    expect(this.#standing.map(({ pair }) => pair)).not.toContain(keyOf(shown));
    for (const { unknown } of this.#standing)
      if (unknown) expect(keyOf(shown).split(' | ')).not.toContain(unknown);
    if (query === '') {
      if (this.#front !== undefined) expect(keyOf(shown)).toBe(this.#front);
      this.#front = keyOf(shown);
    }
    return shown;
  }

  async #answer(browser: Browser, shown: Shown, choice: string, isAsked = false): Promise<void> {
    await browser.post(this.#path).type('form').send({ ballot: shown.ballot, choice }).expect(303);
    const pair = keyOf(shown);
    if (this.#standing.some((answer) => answer.pair === pair)) return;
    for (const answer of this.#standing) answer.isLatest = false;
    const unknown = choice === 'unknown-left' ? shown.left : undefined;
    const isFront = this.#front === pair;
    this.#standing.push({ pair, isLatest: true, isAsked: isAsked && !isFront, ...(unknown && { unknown }) });
    if (isFront || (unknown && this.#front?.split(' | ').includes(unknown))) this.#front = undefined;
  }

  async #undo(browser: Browser): Promise<void> {
    await browser.post('/vote/undo').expect(303);
    const undone = this.#standing.pop();
    if (undone?.isLatest && !undone.isAsked && !this.#isUnknown(undone.pair)) this.#front = undone.pair;
  }

  async #ask(browser: Browser, name: string): Promise<void> {
    const { id } = await site.db
      .selectFrom('things')
      .innerJoin('topics', 'topics.id', 'topicId')
      .where('things.name', '=', name)
      .where('topics.slug', '=', this.#path.split('/')[2] ?? '')
      .select('things.id')
      .executeTakeFirstOrThrow();
    const before = await this.#look(browser);
    const shown = await this.#look(browser, `?with=${id}`);
    if (shown && before) await this.#answer(browser, shown, 'left', true);
  }

  #isUnknown(pair: string): boolean {
    return this.#standing.some(({ unknown }) => unknown && pair.split(' | ').includes(unknown));
  }
}

const keyOf = ({ left, right }: Shown): string => [left, right].sort().join(' | ');

itOnRedis('reads the ledger anew when another process has said that the queue is stale', async () => {
  const { slug } = await topic(site, { slug: 'stale', names: thingNames(12) });
  await beside.boards.refresh();
  const path = `/topics/${slug}/vote`;
  const { browser, username, password, id } = await member(site);
  const other = visit(beside);
  await other.post('/login').type('form').send({ username, password }).expect(303);
  const { ballot } = pairOn((await browser.get(path)).text);
  await browser.post(path).type('form').send({ ballot, choice: 'unknown-left' }).expect(303);
  await vote(browser, 'left', path);
  const next = pairOn((await browser.get(path)).text);

  const [unknown] = await ledgerOf(site, id);
  await other.post(`/profile/votes/${unknown?.ballotId}/withdraw`).expect(303);
  await browser.post(path).type('form').send({ ballot: next.ballot, choice: 'left' }).expect(303);
  const [key = ''] = (await site.redis?.keys(`${site.prefix}queue:${id}:*`)) ?? [];
  expect(JSON.parse((await site.redis?.get(key)) ?? '{}')).toMatchObject({ unknown: [] });
});
