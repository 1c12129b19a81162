import { beforeAll, describe, expect, it } from 'vitest';
import type { TopicAccess, TopicPhase } from '../../src/schema.js';
import { type Browser, member, useSite, visit } from '../site.js';
import { type MadeTopic, makeTopic, memberWith } from './topics.js';

const site = useSite();

/** Who asks. A visitor is not logged in, and a stranger has no role. */
const WHO = ['visitor', 'stranger', 'viewer', 'organiser', 'owner'] as const;
type Who = (typeof WHO)[number];

/** What the answer means: it is done, one has to log in first, or it is refused. */
type Outcome = 'done' | 'log in' | 403 | 404;

interface Act {
  method: 'get' | 'post';
  /** Below the address of the topic. */
  path: string;
  form?: Record<string, string>;
}

const get = (path: string): Act => ({ method: 'get', path });
const post = (path: string, form: Record<string, string> = {}): Act => ({ method: 'post', path, form });

const LOOK = [
  '',
  '/things',
  '/people',
  '/voters',
  '/activity',
  '/results',
  '/results.csv',
  '/results.json',
].map((page) => get(`/manage${page}`));
const RUN = [
  get('/manage/things/new'),
  get('/manage/pictures'),
  get('/manage/settings'),
  get('/manage/copy'),
  get('/manage/voters/links.csv'),
  post('/manage/voters', { names: 'Mina' }),
  post('/manage/copy'),
];
const OWN = [
  post('/manage/people/links', { role: 'viewer' }),
  post('/manage/people/links/1/off'),
  get('/manage/delete'),
  post('/manage/delete'),
  get('/manage/restore'),
  post('/manage/restore'),
];
/** What voters do. */
const VOTE = ['', '/vote', '/top', '/ranking', '/ranking?q=a'].map(get);

const allowed = (...roles: Outcome[]) =>
  Object.fromEntries(WHO.map((who, index) => [who, roles[index]])) as Record<Who, Outcome>;

/** The table: for each kind of act, what each may do. */
const BEHIND = [
  { name: 'look', acts: LOOK, outcomes: allowed('log in', 404, 'done', 'done', 'done') },
  { name: 'run', acts: RUN, outcomes: allowed('log in', 404, 403, 'done', 'done') },
  { name: 'own', acts: OWN, outcomes: allowed('log in', 404, 403, 403, 'done') },
];
const EVERYBODY = allowed('done', 'done', 'done', 'done', 'done');
const ROLES_ONLY = allowed(404, 404, 'done', 'done', 'done');
const VOTING: Record<TopicPhase, Record<TopicAccess, Record<Who, Outcome>>> = {
  draft: { public: ROLES_ONLY, link: ROLES_ONLY, invited: ROLES_ONLY },
  open: { public: EVERYBODY, link: EVERYBODY, invited: ROLES_ONLY },
  paused: { public: EVERYBODY, link: EVERYBODY, invited: ROLES_ONLY },
  closed: { public: EVERYBODY, link: EVERYBODY, invited: ROLES_ONLY },
};

async function browserOf(who: Who, topic: MadeTopic): Promise<Browser> {
  if (who === 'visitor') return visit(site);
  if (who === 'stranger') return (await member(site)).browser;
  return who === 'owner' ? topic.owner.browser : (await memberWith(site, topic, who)).browser;
}

async function outcomeOf(browser: Browser, { path: topic }: MadeTopic, act: Act): Promise<Outcome> {
  const request = browser[act.method](`${topic}${act.path}`);
  const { status, headers } = await (act.form ? request.type('form').send(act.form) : request);
  if (status === 403 || status === 404) return status;
  expect([act.path, status]).toEqual([act.path, expect.toSatisfy((code) => code === 200 || code === 303)]);
  return headers.location?.startsWith('/login') ? 'log in' : 'done';
}

for (const access of ['public', 'link', 'invited'] as TopicAccess[])
  for (const phase of ['draft', 'open', 'paused', 'closed'] as TopicPhase[])
    describe(`a ${phase} topic of access ${access}`, () => {
      let topic: MadeTopic;
      beforeAll(async () => {
        topic = await makeTopic(site, { access, phase });
      });

      // The owner comes last, because the owner deletes the topic and restores it.
      it.each(WHO)('lets a %s do what they may, and nothing else', async (who) => {
        const browser = await browserOf(who, topic);
        const outcomes = [
          ...BEHIND.map(({ acts, outcomes }) => ({ acts, outcome: outcomes[who] })),
          { acts: VOTE, outcome: VOTING[phase][access][who] },
        ];
        for (const { acts, outcome } of outcomes)
          for (const act of acts)
            expect([act.method, act.path, await outcomeOf(browser, topic, act)]).toEqual([
              ...[act.method, act.path],
              outcome,
            ]);
      });
    });

it.each(WHO)('lets a %s open, pause and close a topic if they run it', async (who) => {
  const topic = await makeTopic(site, { phase: 'draft' });
  const browser = await browserOf(who, topic);
  for (const [act, phase] of [
    ['open', 'open'],
    ['pause', 'paused'],
    ['resume', 'open'],
    ['close', 'closed'],
    ['reopen', 'open'],
  ] as const) {
    const expected = BEHIND[1]?.outcomes[who];
    expect([act, await outcomeOf(browser, topic, post(`/manage/${act}`))]).toEqual([act, expected]);
    const stored = await site.db
      .selectFrom('topics')
      .where('id', '=', topic.id)
      .select('phase')
      .executeTakeFirst();
    expect([act, stored?.phase]).toEqual([act, expected === 'done' ? phase : 'draft']);
  }
});

it('answers as for a topic that does not exist', async () => {
  const topic = await makeTopic(site, { access: 'invited' });
  const { browser } = await member(site);
  const [hidden, missing] = await Promise.all(
    [topic.path, '/topics/nothing-here'].map(async (path) => {
      const page = await browser.get(`${path}/vote`).expect(404);
      return page.text.replaceAll(path.replace('/topics/', ''), '');
    }),
  );
  expect(hidden).toBe(missing);
});
