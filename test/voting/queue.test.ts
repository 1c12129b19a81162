import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { invited, makeTopic, setThings } from '../organize/topics.js';
import {
  type Browser,
  itOnRedis,
  keysOf,
  loseKeys,
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
  votesOf,
} from '../site.js';
import { startStoreProxy } from '../store-proxy.js';

const site = useSite();
/** Another process of the same site. */
let secondProcess: Site;
let topics = 0;

beforeAll(async () => {
  secondProcess = await openSite({}, { storesOf: site });
});
afterAll(() => secondProcess.close());

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
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('change the team' as const), device, team: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave aside' as const), device, side: fc.nat(1) }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

interface WalkOptions {
  devices: [Browser, Browser];
  slug: string;
  voterId: number;
  names: string[];
  /** Whether the voter is invited, so that they can have own work. */
  isInvited?: boolean;
  inPerson?: boolean;
}

interface StepAnswer {
  choice: string;
  isAsked?: boolean;
}

interface Shown {
  ballot: string;
  left: string;
  right: string;
}

it.for(['member', 'guest', 'judge', 'judge in person'] as const)(
  'shows a %s no pair twice, no unknown thing and no own work, and lets nobody get past a pair, after any random steps',
  { timeout: 180_000 },
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const walk = await Walk.begin(kind);
        for (const next of steps) await walk.take(next);
        await walk.end();
      }),
      // Making a failing walk shorter would take minutes.
      { numRuns: 4, endOnFailure: true },
    );
  },
);

/** A voter with two devices, each served by another process. It checks all pairs that the voter is shown. */
class Walk {
  readonly #devices: [Browser, Browser];
  readonly #path: string;
  readonly #voterId: number;
  readonly #names: string[];
  /** The voter's standing answers, oldest first. */
  #standing: { pair: string; unknown?: string; isLatest: boolean; isAsked: boolean }[] = [];
  readonly #tabs: (Shown | undefined)[] = [undefined, undefined];
  /** The pair that must be shown next; undefined when any pair may be shown. */
  #front: string | undefined;
  /** In person: whether the next pair may have been drawn before the team changed and others opened. */
  #mayBeOlder = false;
  /** The pairs that were ever answered. */
  readonly #ever = new Set<string>();
  readonly #isInvited: boolean;
  readonly #inPerson: boolean;
  /** The name of the thing of the voter's team. */
  #own: string | undefined;
  /** In person: the things that were left aside, and the pair of which the next one keeps a thing. */
  #away: string[] = [];
  #keepsOf: string | undefined;

  private constructor({ devices, slug, voterId, names, isInvited = false, inPerson = false }: WalkOptions) {
    this.#devices = devices;
    this.#path = `/topics/${slug}/vote`;
    this.#voterId = voterId;
    this.#names = names;
    this.#isInvited = isInvited;
    this.#inPerson = inPerson;
  }

  static async begin(kind: 'member' | 'guest' | 'judge' | 'judge in person'): Promise<Walk> {
    if (kind.startsWith('judge')) return Walk.#beginAsJudge(kind === 'judge in person');
    const slug = `walk-${++topics}`;
    const { names } = await topic(site, { slug, names: thingNames(7) });
    await secondProcess.boards.refresh();
    if (kind === 'guest') return Walk.#beginAsGuest(slug, names);
    const { browser, username, password, id } = await member(site);
    // Without Redis a site has one process, which keeps the queues itself.
    const other = visit(inject('redis') ? secondProcess : site);
    await other.post('/login').type('form').send({ username, password }).expect(303);
    return new Walk({ devices: [browser, other], slug, voterId: id, names });
  }

  /** Three things have teams, and the voter is invited with none of these teams at first. */
  static async #beginAsJudge(inPerson: boolean): Promise<Walk> {
    const made = await makeTopic(site, { things: 7 });
    await site.db.updateTable('topics').set({ inPerson }).where('id', '=', made.id).execute();
    await setThings(site, made, { 1: { team: 'Team 1' }, 2: { team: 'team2' } });
    const { browser, username, password, id } = await member(site);
    await invited(site, made, { line: 'Mina', browser });
    await secondProcess.boards.refresh();
    const other = visit(inject('redis') ? secondProcess : site);
    await other.post('/login').type('form').send({ username, password }).expect(303);
    const names = thingNames(7).map((name) => `Lunch ${name}`);
    const devices: [Browser, Browser] = [browser, other];
    return new Walk({ devices, slug: made.slug, voterId: id, names, isInvited: true, inPerson });
  }

  // A guest exists only after a first vote. It is cast in another topic.
  static async #beginAsGuest(slug: string, names: string[]): Promise<Walk> {
    const first = await topic(site, { slug: `first-of-${slug}`, names: thingNames(2) });
    await secondProcess.boards.refresh();
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
    const browserOn = (process: Site): Browser => visit(process).set('Cookie', cookie);
    const devices: [Browser, Browser] = [browserOn(site), browserOn(inject('redis') ? secondProcess : site)];
    return new Walk({ devices, slug, voterId: guest?.id ?? 0, names });
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
        return this.#answer(browser, shown, {
          choice: choice === 'unknown' ? 'unknown-left' : (choice ?? 'left'),
        });
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
        return shown && this.#answer(browser, shown, { choice: 'right' });
      }
      case 'undo':
        return this.#undo(browser);
      case 'ask':
        return this.#ask(browser, this.#names[step.thing % this.#names.length] ?? '');
      case 'lose the queue':
        await loseKeys(site, `queue:${this.#voterId}:`);
        if (site.redis) this.#forget();
        if (site.redis) this.#away = [];
        return;
      case 'change the team':
        return this.#isInvited ? this.#changeTeam(step.team) : undefined;
      case 'leave aside':
        return this.#inPerson ? this.#leaveAside(browser, step.side) : undefined;
    }
  }

  /** Checks that the ledger has each standing answer once, and nothing else. */
  async end(): Promise<void> {
    const slug = this.#path.split('/')[2] ?? '';
    const standing = await site.db
      .selectFrom('votes')
      .innerJoin('topics', 'topics.id', 'topicId')
      .where('slug', '=', slug)
      .where('voterId', '=', this.#voterId)
      .where('withdrawnAt', 'is', null)
      .select('votes.id')
      .execute();
    expect(standing).toHaveLength(this.#standing.length);
  }

  async #look(browser: Browser, query = ''): Promise<Shown | undefined> {
    const { text } = await browser.get(this.#path + query).expect(200);
    const shown = pairOn(text);
    if (shown.ballot === '') {
      expect(read(text)('#pair h2').text()).toMatch(/You’ve voted on every pair|today’s guest pairs/);
      expect(this.#front).toBeUndefined();
      return undefined;
    }
    expect(this.#standing.map(({ pair }) => pair)).not.toContain(keyOf(shown));
    const things = keyOf(shown).split(' | ');
    for (const { unknown } of this.#standing) if (unknown) expect(things).not.toContain(unknown);
    expect(things).not.toContain(this.#own);
    if (query === '') {
      if (this.#front === undefined && !this.#mayBeOlder) this.#checkStop(things);
      this.#mayBeOlder = false;
      if (this.#front !== undefined) expect(keyOf(shown)).toBe(this.#front);
      this.#front = keyOf(shown);
    }
    return shown;
  }

  async #answer(browser: Browser, shown: Shown, { choice, isAsked = false }: StepAnswer): Promise<void> {
    const pair = keyOf(shown);
    const isOwn = this.#own !== undefined && pair.split(' | ').includes(this.#own);
    const isDone = this.#standing.some((answer) => answer.pair === pair);
    const form = { ballot: shown.ballot, choice };
    await browser
      .post(this.#path)
      .type('form')
      .send(form)
      .expect(isOwn && !isDone ? 422 : 303);
    if (isOwn && !isDone) return;
    if (this.#standing.some((answer) => answer.pair === pair)) return;
    for (const answer of this.#standing) answer.isLatest = false;
    const unknown = choice === 'unknown-left' ? shown.left : undefined;
    const isFront = this.#front === pair;
    this.#keepsOf = isFront && !this.#ever.has(pair) && !unknown ? pair : undefined;
    this.#ever.add(pair);
    this.#standing.push({ pair, isLatest: true, isAsked: isAsked && !isFront, ...(unknown && { unknown }) });
    if (isFront || (unknown && this.#front?.split(' | ').includes(unknown))) this.#front = undefined;
  }

  async #undo(browser: Browser): Promise<void> {
    await browser.post('/vote/undo').expect(303);
    const undone = this.#standing.pop();
    this.#keepsOf = undefined;
    const isOwn = undone?.pair.split(' | ').some((name) => name === this.#own);
    if (!undone?.isLatest) return;
    // The voter has seen both, so nobody is away there.
    this.#away = this.#away.filter((name) => !undone.pair.split(' | ').includes(name));
    if (!undone.isAsked && !this.#isUnknown(undone.pair) && !isOwn) this.#front = undone.pair;
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
    if (shown && before) await this.#answer(browser, shown, { choice: 'left', isAsked: true });
  }

  async #changeTeam(number: number): Promise<void> {
    const team = number > 0 ? ` TEAM ${number}` : null;
    const place = site.db.updateTable('invitations').set({ team });
    await place.where('voterId', '=', this.#voterId).execute();
    await Promise.all([site.boards.refresh(), secondProcess.boards.refresh()]);
    this.#own = this.#names[number - 1];
    this.#forget();
    this.#mayBeOlder = true;
  }

  async #leaveAside(browser: Browser, side: number): Promise<void> {
    const shown = await this.#look(browser);
    if (!shown) return;
    const choice = side === 0 ? 'away-left' : 'away-right';
    await browser.post(this.#path).type('form').send({ ballot: shown.ballot, choice }).expect(303);
    this.#away.push(side === 0 ? shown.left : shown.right);
    this.#forget();
  }

  #forget(): void {
    this.#front = undefined;
    this.#keepsOf = undefined;
  }

  /** Checks that a pair that was just drawn keeps a thing of the pair before, and nothing that is left aside. */
  #checkStop(things: string[]): void {
    if (!this.#inPerson) return;
    const isOut = (name: string): boolean =>
      name === this.#own || this.#away.includes(name) || this.#isUnknown(name);
    const open = this.#names
      .flatMap((one, index) => this.#names.slice(index + 1).map((other) => [one, other]))
      .filter((pair) => !pair.some(isOut) && !this.#ever.has(pair.sort().join(' | ')));
    if (open.length > 0) for (const name of things) expect(this.#away).not.toContain(name);
    const kept = this.#keepsOf?.split(' | ') ?? [];
    if (open.some((pair) => pair.some((name) => kept.includes(name))))
      expect(things.some((name) => kept.includes(name))).toBe(true);
  }

  #isUnknown(pair: string): boolean {
    return this.#standing.some(({ unknown }) => unknown && pair.split(' | ').includes(unknown));
  }
}

const keyOf = ({ left, right }: Shown): string => [left, right].sort().join(' | ');

itOnRedis('reads the ledger again after another process marked the queue as stale', async () => {
  const { slug } = await topic(site, { slug: 'stale', names: thingNames(12) });
  await secondProcess.boards.refresh();
  const path = `/topics/${slug}/vote`;
  const { browser, username, password, id } = await member(site);
  const other = visit(secondProcess);
  await other.post('/login').type('form').send({ username, password }).expect(303);
  const { ballot } = pairOn((await browser.get(path)).text);
  await browser.post(path).type('form').send({ ballot, choice: 'unknown-left' }).expect(303);
  await vote(browser, 'left', path);
  const next = pairOn((await browser.get(path)).text);

  const [unknown] = await votesOf(site, id);
  await other.post(`/profile/votes/${unknown?.ballotId}/withdraw`).expect(303);
  await browser.post(path).type('form').send({ ballot: next.ballot, choice: 'left' }).expect(303);
  const [key = ''] = await keysOf(site, `queue:${id}:`);
  expect(JSON.parse((await site.redis?.get(key)) ?? '{}')).toMatchObject({ unknown: [] });
});

itOnRedis('goes on to the next pair while Redis is full', async () => {
  const { slug } = await topic(site, { slug: 'full', names: thingNames(12) });
  const path = `/topics/${slug}/vote`;
  // A user of Redis who may not write any more gets the same answers as all users of a full one.
  const user = `thinga-test-${process.pid}`;
  const setUser = (...rules: string[]) => site.redis?.call('ACL', 'SETUSER', user, ...rules);
  await setUser('on', 'nopass', '~*', '&*', '+@all');
  const redisUrl = Object.assign(new URL(String(inject('redis'))), { username: user, password: 'any' }).href;
  const full = await openSite({}, { redisUrl, storesOf: site });
  onTestFinished(async () => {
    await full.close();
    await site.redis?.call('ACL', 'DELUSER', user);
  });
  const { browser, id } = await member(full);
  await vote(browser, 'left', path);
  await setUser('-set');
  for (let votes = 0; votes < 3; votes++) await vote(browser, 'left', path);
  expect(await votesOf(site, id)).toHaveLength(4);
});

itOnRedis('shows no pair again in another process that was voted on while one had lost Redis', async () => {
  const { slug } = await topic(site, { slug: 'lost', names: thingNames(12) });
  const path = `/topics/${slug}/vote`;
  const proxy = await startStoreProxy(String(inject('redis')));
  const near = await openSite({}, { redisUrl: proxy.url, storesOf: site });
  onTestFinished(async () => {
    await near.close();
    await proxy.close();
  });
  await secondProcess.boards.refresh();
  const { browser, username, password } = await member(near);
  const other = visit(secondProcess);
  await other.post('/login').type('form').send({ username, password }).expect(303);
  await vote(browser, 'left', path);
  proxy.cut();
  await vote(browser, 'left', path);
  const { ballot } = pairOn((await browser.get(path)).text);
  await browser.post(path).type('form').send({ ballot, choice: 'left' }).expect(303);
  await proxy.mend();
  while ((await visit(near).get('/readyz')).status !== 200) await new Promise((done) => setTimeout(done, 50));
  const next = pairOn((await other.get(path)).text);
  const answer = await other
    .post(path)
    .type('form')
    .send({ ballot: next.ballot, choice: 'left' })
    .expect(303);
  expect(answer.headers.location).toContain('?voted=');
});
