import { sql } from 'kysely';
import { setAddress } from '../../src/auth/email/addresses.js';
import { makeResetLink } from '../../src/auth/recovery/reset-link.js';
import { seed } from '../../src/catalog/seed.js';
import { setRole } from '../../src/catalog/topic-roles.js';
import { admin } from '../admin/admins.js';
import { makeTopic, memberWith, reload } from '../organize/topics.js';
import { member, read, type Site, thingNames, topic, visit, vote } from '../site.js';
import { fillAdminPages } from './admin-pages.js';

/** A registered member with their browser. */
export type Member = Awaited<ReturnType<typeof member>>;

/** The members that `fillSite` creates. */
export interface Members {
  /** Has just registered. */
  newcomer: Member;
  /** Has voted in two topics, ended one of two shared links, and logged out on one of two other devices. */
  voter: Member;
  /** Has answered every pair of a topic, as five others have. */
  finisher: Member;
  /** Runs an invited topic, a public one with votes, a draft, one that is closed, and one that is deleted. */
  organiser: Member;
  /** Runs the site, which has people, topics and votes to decide about. */
  admin: Member;
}

/** The paths of topics that are not public. */
export interface Topics {
  /** An invited topic, a thing of it, and the page of it for its organisers. */
  invited: string;
  thing: string;
  manage: string;
  /** For organisers: a public topic with votes, a draft and a closed topic. */
  manageVoted: string;
  manageDraft: string;
  manageClosed: string;
  /** The pages of a thing and a deleted topic for its organisers. */
  manageThing: string;
  deleted: string;
  /** A personal link to the invited topic, and a link that gives a role in it. */
  join: string;
  role: string;
  /** The form with which a voter flags a thing of the invited topic. */
  flag: string;
  /** A topic by link whose results are hidden and whose things have texts, and one that is closed. */
  hidden: string;
  closed: string;
}

/** The paths of the voter's shared links. The first thing of both lists has been taken down. */
export interface Links {
  open: string;
  ended: string;
  /** A link with which the newcomer could set a new password. */
  reset: string;
  /** A link that confirms the e-mail address of the newcomer. */
  confirm: string;
}

/**
 * Fills a site with the seed, topics of all sizes, and members who have done everything that the site offers.
 */
export async function fillSite(site: Site): Promise<{ members: Members; links: Links; topics: Topics }> {
  await seed(site.db);
  await topic(site, { slug: 'fruit', names: FRUIT });
  await topic(site, { slug: 'many', names: thingNames(120) });
  await topic(site, { slug: 'two', names: ['Tea', 'Coffee'] });
  await topic(site, { slug: 'one', names: ['The only one'] });
  await topic(site, { slug: 'none', names: [] });
  const newcomer = await member(site);
  const finishers = await Promise.all(Array.from({ length: 6 }, () => member(site)));
  const [finisher = newcomer] = finishers;
  for (const { browser } of finishers)
    for (let pair = 0; pair < 10; pair++) await vote(browser, byName, '/topics/fruit/vote');
  const voter = await member(site);
  for (let pair = 0; pair < 70; pair++) await vote(voter.browser, byName);
  for (const choice of ['tie', 'skip', 'left'] as const)
    await vote(voter.browser, choice, '/topics/fruit/vote');
  await site.rank();
  await addHistory(site);
  await useOtherDevices(site, voter);
  const reset = await makeResetLink(site, newcomer.id);
  const links = {
    ...{ open: await share(voter), ended: await share(voter) },
    reset: reset.replace(site.config.publicOrigin, ''),
    confirm: `/email/confirm/${await setAddressOf(site, newcomer)}`,
  };
  await voter.browser.post(links.ended.replace('/shared/', '/profile/links/').concat('/end')).expect(303);
  await takeDownFirstOf(site, links.open);
  const { organiser, topics } = await organize(site);
  await fillAdminPages(site);
  const boss = await admin(site);
  return { members: { newcomer, voter, finisher, organiser, admin: boss }, links, topics };
}

/** Sets the e-mail address of a member as their page does, without the mail. @returns the token that confirms it */
async function setAddressOf(site: Site, { id, username }: Member): Promise<string> {
  const session = await site.db
    .selectFrom('sessions')
    .where('userId', '=', id)
    .select('id')
    .executeTakeFirstOrThrow();
  const client = { userAgent: undefined, device: 'Firefox on Linux', address: '127.0.0.1' };
  return setAddress(site.db, {
    ...{ userId: id, sessionId: session.id, client, address: `${username}@mail.example` },
  });
}

async function organize(site: Site): Promise<{ organiser: Member; topics: Topics }> {
  const topic = await makeTopic(site, { access: 'invited', title: 'Book of the year' });
  const [hidden, closed, deleted, draft, fruit] = await Promise.all([
    makeTopic(site, { results: 'after closing', title: 'Hidden results' }),
    makeTopic(site, { phase: 'closed', title: 'A closed vote' }),
    makeTopic(site, { title: 'A deleted topic' }),
    makeTopic(site, { phase: 'draft', title: 'A draft' }),
    site.db.selectFrom('topics').where('slug', '=', 'fruit').select('id').executeTakeFirstOrThrow(),
  ]);
  const { owner: organiser, path } = topic;
  await memberWith(site, topic, 'viewer');
  await site.db.updateTable('topics').set({ deletedAt: new Date() }).where('id', '=', deleted.id).execute();
  await site.db.updateTable('things').set({ text: TEXT }).where('topicId', '=', hidden.id).execute();
  for (const { id } of [deleted, draft, closed, fruit])
    await site.db
      .transaction()
      .execute((trx) => setRole(trx, { topicId: id, userId: organiser.id, role: 'owner' }));
  await site.db
    .updateTable('topics')
    .set({ notes: 'teams' })
    .where('id', 'in', [hidden.id, closed.id])
    .execute();
  await fillTexts(site, topic.id, organiser.id);
  const manage = `${path}/manage`;
  const { browser } = organiser;
  await browser.post(`${manage}/voters`).type('form').send({ names: 'Mina, Blue\nBen' }).expect(303);
  const voters = read((await browser.get(`${manage}/voters`)).text)('#links').text();
  await browser.post(`${manage}/people/links`).type('form').send({ role: 'organiser' }).expect(303);
  const role = String(read((await browser.get(`${manage}/people`)).text)('input[data-copy]').val());
  const { id } = await site.db
    .selectFrom('things')
    .where('topicId', '=', topic.id)
    .select('id')
    .executeTakeFirstOrThrow();
  return {
    organiser,
    topics: {
      ...{ invited: path, thing: `${path}/things/${id}`, manage, manageThing: `${manage}/things/${id}` },
      ...{ manageVoted: '/topics/fruit/manage', manageDraft: `${draft.path}/manage` },
      manageClosed: `${closed.path}/manage`,
      ...{ deleted: `${deleted.path}/manage/restore`, hidden: hidden.path, closed: closed.path },
      flag: `${path}/flag/${id}`,
      join: /\/join\/\S+/.exec(voters)?.[0] ?? '',
      role: new URL(role).pathname,
    },
  };
}

/** Gives the things of a topic texts to read, and the topic something to review. */
async function fillTexts(site: Site, topicId: number, voterId: number): Promise<void> {
  const text = `# Why this one\n\n${'It is **plain**, and [true](https://example.org). '.repeat(20)}\n\n- One\n- Two`;
  await site.db
    .updateTable('things')
    .set({ text, tags: ['new', 'short'], location: 'Shelf 4', team: 'The readers' })
    .where('topicId', '=', topicId)
    .execute();
  await site.db.updateTable('topics').set({ takesSuggestions: true }).where('id', '=', topicId).execute();
  const things = await site.db.selectFrom('things').where('topicId', '=', topicId).selectAll().execute();
  for (const [index, { id: thingId, name }] of things.slice(0, 2).entries()) {
    await site.db
      .insertInto('suggestions')
      .values({ topicId, voterId, name: `${name}s` })
      .execute();
    const reason = `Something is wrong here, number ${index}.`;
    await site.db.insertInto('flags').values({ topicId, thingId, voterId, reason }).execute();
  }
  const decided = { decision: 'refused' as const, decidedAt: new Date(), reason: 'It is no book.' };
  await site.db
    .insertInto('suggestions')
    .values({ topicId, voterId, name: 'A film', ...decided })
    .execute();
  await reload(site);
}

const TEXT =
  '# A heading\n\nA *text* with a [link](https://example.org/), `code` and a list:\n\n- one\n- two\n\n> Quoted.';

const FRUIT = ['Apple', 'Cherry', 'Mango', 'Pear', 'Plum'];

// Alphabetical order, except that the last thing beats the first. That makes a surprising result and cycles.
function byName({ left, right }: { left: string; right: string }): 'left' | 'right' {
  const isReversed = [left, right].sort().join() === 'Apple,Plum';
  return left < right !== isReversed ? 'left' : 'right';
}

async function addHistory(site: Site): Promise<void> {
  await sql`
    insert into rating_history (thing_id, at, rank, low, high)
    select id, date_trunc('hour', now()) - interval '3 days', 4, 1, 9 from things`.execute(site.db);
}

async function useOtherDevices(site: Site, { username, password }: Member): Promise<void> {
  const [, device] = await Promise.all(
    [visit(site), visit(site)].map(async (browser) => {
      await browser.post('/login').type('form').send({ username, password }).expect(303);
      return browser;
    }),
  );
  await device?.post('/logout').expect(303);
}

async function share({ browser }: Member): Promise<string> {
  const form = { size: '5', name: 'mine' };
  const { headers } = await browser.post('/profile/topics/foods/share').type('form').send(form).expect(303);
  return String(headers.location).replace('/profile/links?new=', '/shared/');
}

async function takeDownFirstOf(site: Site, link: string): Promise<void> {
  const name = read((await visit(site).get(link)).text)('.shared .name')
    .first()
    .text();
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('name', '=', name).execute();
  await sql`update boards set version = version + 1`.execute(site.db);
  await site.boards.refresh();
}
