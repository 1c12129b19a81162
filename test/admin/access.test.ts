import { beforeAll, expect, it } from 'vitest';
import { getRoutesOf } from '../browser/routes.js';
import { makeTopic, memberWith } from '../organize/topics.js';
import { member, useSite, visit, vote } from '../site.js';
import { actsOf, admin, forgetPassword, type Member } from './admins.js';

const site = useSite();

type Method = 'get' | 'post';
type Act = [method: Method, path: string, form?: Record<string, string>];

const SITE = {
  ...{
    name: 'Owls',
    light: '#4f39d8',
    dark: '#b4a5ff',
    contact: '',
    registration: 'anyone',
    topics: 'members',
  },
};
/** What admins can do. Those of the second list ask for the password when it was given more than ten minutes ago. */
const PLAIN: Act[] = [
  ['get', ''],
  ['get', '/people'],
  ['get', '/people/PERSON'],
  ['post', '/people/PERSON/set-votes-apart'],
  ['post', '/people/PERSON/restore-votes'],
  ['post', '/people/PERSON/enable'],
  ['post', '/people/PERSON/approve'],
  ['get', '/people/invitations'],
  ['post', '/people/invitations', { notes: 'Ann' }],
  ['post', '/people/invitations/INVITATION/revoke'],
  ['get', '/topics'],
  ['get', '/topics/TOPIC'],
  ['post', '/topics/TOPIC/hide'],
  ['post', '/topics/TOPIC/show'],
  ['post', '/topics/TOPIC/default'],
  ['get', '/review'],
  ['post', '/review/suggestions/SUGGESTION', { action: 'refuse', reason: 'No' }],
  ['post', '/review/flags/FLAG'],
  ['get', '/stuffing'],
  ['get', '/stuffing/alarms/ALARM'],
  ['post', '/stuffing/alarms/ALARM/set-apart'],
  ['post', '/stuffing/alarms/ALARM/restore'],
  ['get', '/stuffing/topics/TOPIC/groups/GROUP'],
  ['post', '/stuffing/topics/TOPIC/groups/GROUP/set-apart'],
  ['post', '/stuffing/topics/TOPIC/groups/GROUP/restore'],
  ['get', '/activity'],
  ['post', '/activity/check'],
  ['get', '/health'],
  ['get', '/settings'],
  ['post', '/settings', SITE],
  ['post', '/settings/logo/remove'],
];
const NEEDS_PASSWORD: Act[] = [
  ['post', '/people/PERSON/give-role'],
  ['post', '/people/PERSON/take-role'],
  ['post', '/people/PERSON/end-sessions'],
  ['post', '/people/PERSON/reset-link'],
  ['post', '/people/PERSON/disable', { reason: 'Spam' }],
  ['post', '/people/PERSON/void-votes'],
  ['post', '/people/WAITING/refuse'],
  ['post', '/topics/TOPIC/hand-over', { username: 'HEIR' }],
];
const UPLOAD: Act = ['post', '/settings/logo'];

let ids: Record<string, string>;
beforeAll(async () => {
  const topic = await makeTopic(site, { access: 'public', things: 4 });
  const [person, waiting, heir] = [await member(site), await member(site), await member(site)];
  const { db } = site;
  await db.updateTable('users').set({ awaitingSince: new Date() }).where('id', '=', waiting.id).execute();
  const things = await db.selectFrom('things').where('topicId', '=', topic.id).select('id').execute();
  const thingId = things[0]?.id ?? 0;
  const row = { topicId: topic.id, thingId };
  const [suggestion, flag] = await Promise.all([
    db
      .insertInto('suggestions')
      .values({ topicId: topic.id, name: 'Tea' })
      .returning('id')
      .executeTakeFirst(),
    db
      .insertInto('flags')
      .values({ ...row, reason: 'Wrong' })
      .returning('id')
      .executeTakeFirst(),
  ]);
  const alarm = await db
    .insertInto('siteEvents')
    .values({ ...row, kind: 'one-sided votes', details: JSON.stringify({ deviation: 5 }) })
    .returning('id')
    .executeTakeFirst();
  const group = 'a'.repeat(64);
  await db
    .insertInto('setApartGroups')
    .values({ ...row, networkGroup: group, deviation: 6 })
    .execute();
  for (const { id } of [person, waiting]) {
    await db.updateTable('voters').set({ wideGroup: group }).where('id', '=', id).execute();
    await db
      .insertInto('topicVoters')
      .values({ topicId: topic.id, voterId: id, votes: 3, skips: 0, latestAt: new Date(), recentPairs: '[]' })
      .execute();
  }
  const invitation = await db
    .insertInto('siteInvitations')
    .values({ tokenHash: 'b'.repeat(64), expiresAt: new Date(Date.now() + 9e6) })
    .returning('id')
    .executeTakeFirst();
  ids = {
    ...{ HEIR: heir.username, PERSON: String(person.id), WAITING: String(waiting.id) },
    ...{ TOPIC: String(topic.id), SUGGESTION: String(suggestion?.id), FLAG: String(flag?.id) },
    ...{ ALARM: String(alarm?.id), GROUP: group, INVITATION: String(invitation?.id) },
  };
});

const fill = (text: string): string => text.replace(/[A-Z]{4,}/g, (word) => ids[word] ?? word);

async function ask({ browser }: Pick<Member, 'browser'>, [method, path, form]: Act) {
  const request = browser[method](`/admin${fill(path)}`);
  if (!form) return request;
  const fields = Object.entries(form).map(([name, value]) => [name, fill(value)]);
  return request.type('form').send(Object.fromEntries(fields));
}

const acts = [...PLAIN, ...NEEDS_PASSWORD, UPLOAD];

it('lists every act of admins in this table', () => {
  const sent = acts.filter(([method]) => method === 'post').map(([, path]) => `/admin${path}`);
  const numbered = sent.map((path) => path.replace(/[A-Z]{4,}/g, '7'));
  const routes = postRoutesIn(site.app.router.stack as unknown as Layer[]);
  const forAdmins = routes.filter(({ path }) => path.startsWith('/admin'));
  expect(forAdmins.length).toBeGreaterThan(20);
  for (const { path, match } of forAdmins)
    expect([path, numbered.some((address) => match(address))]).toEqual([path, true]);
  for (const address of numbered)
    expect([address, forAdmins.some(({ match }) => match(address))]).toEqual([address, true]);
});

// The parts of Express's router that this file reads. Its types leave most of them out.
interface Layer {
  match(path: string): unknown;
  handle: { stack?: Layer[] };
  route?: { path: unknown; methods: { post?: boolean } };
}

function postRoutesIn(stack: Layer[]): { path: string; match(path: string): boolean }[] {
  return stack.flatMap((layer) => {
    if (!layer.route) return postRoutesIn(layer.handle.stack ?? []);
    if (!layer.route.methods.post) return [];
    return [{ path: String(layer.route.path), match: (path: string) => Boolean(layer.match(path)) }];
  });
}

it('lists every page for admins in this table', () => {
  const paths = PLAIN.filter(([method]) => method === 'get').map(([, path]) => `/admin${path}`);
  const routes = getRoutesOf(site.app).filter(({ path }) => path.startsWith('/admin'));
  expect(routes.length).toBe(paths.length);
  const numbered = paths.map((path) => path.replace(/[A-Z]{4,}/g, '7'));
  for (const route of routes)
    expect([route.path, numbered.some((path) => route.matches(path))]).toEqual([route.path, true]);
});

it('sends a visitor to the log-in for each act, and does nothing', async () => {
  for (const act of acts) {
    const { status, headers } = await ask({ browser: visit(site) }, act);
    expect([act[1], status, headers.location]).toEqual([act[1], 303, expect.stringMatching(/^\/login/)]);
  }
});

it('answers a member as if there were no such page', async () => {
  const person = await member(site);
  for (const act of acts) expect([act[1], (await ask(person, act)).status]).toEqual([act[1], 404]);
});

it('answers an owner of a topic as if there were no such page', async () => {
  const { owner } = await makeTopic(site);
  for (const act of acts) expect([act[1], (await ask(owner, act)).status]).toEqual([act[1], 404]);
});

it.each(['viewer', 'organiser'] as const)(
  'answers a %s of a topic as if there were no such page',
  async (role) => {
    const person = await memberWith(site, await makeTopic(site), role);
    for (const act of acts) expect([act[1], (await ask(person, act)).status]).toEqual([act[1], 404]);
  },
);

it('sends a guest with votes to the log-in for each act', async () => {
  const browser = visit(site);
  await vote(browser, 'left', `${(await makeTopic(site)).path}/vote`);
  for (const act of acts) {
    const { status, headers } = await ask({ browser }, act);
    expect([act[1], status, headers.location]).toEqual([act[1], 303, expect.stringMatching(/^\/login/)]);
  }
});

it('asks for the password before a link of the start makes an admin', async () => {
  await visit(site)
    .post('/claim/made-up')
    .expect(303)
    .expect('Location', /^\/login/);
  const person = await member(site);
  await forgetPassword(site, person);
  expect((await person.browser.post('/claim/made-up').expect(422)).text).toContain('Confirm it’s you');
  // Nobody can use a link while there is an admin, also with the password.
  await person.browser.post('/claim/made-up').type('form').send({ password: person.password }).expect(404);
});

it('asks an admin for the password before what can’t be undone, and keeps the form', async () => {
  const person = await admin(site);
  for (const act of NEEDS_PASSWORD) {
    await forgetPassword(site, person);
    const { status, text } = await ask(person, act);
    expect([act[1], status, text.includes('Confirm it’s you')]).toEqual([act[1], 422, true]);
    for (const value of Object.values(act[2] ?? {})) expect(text).toContain(fill(value));
  }
  expect(await actsOf(site, person)).toEqual([]);
});

it('lets an admin do all of it', async () => {
  await admin(site);
  const person = await admin(site);
  for (const act of [...PLAIN, ...NEEDS_PASSWORD]) {
    const { status } = await ask(person, act);
    expect([act[1], status]).toEqual([act[1], act[0] === 'get' ? 200 : 303]);
  }
});

it('forgets an admin’s role with the next request', async () => {
  await admin(site);
  const person = await admin(site);
  await ask(person, ['get', '']).then(({ status }) => expect(status).toBe(200));
  await site.db.updateTable('users').set({ role: 'member' }).where('id', '=', person.id).execute();
  for (const act of acts) expect([act[1], (await ask(person, act)).status]).toEqual([act[1], 404]);
});

it('answers 404 for ids that are none', async () => {
  const person = await admin(site);
  for (const path of [
    '/people/0',
    '/people/x',
    '/people/99999999',
    '/topics/99999999',
    '/stuffing/alarms/99999999',
  ])
    await person.browser.get(`/admin${path}`).expect(404);
  for (const path of ['/people/99999999/approve', '/people/99999999/refuse', '/topics/99999999/hide'])
    await person.browser.post(`/admin${path}`).expect(404);
});
