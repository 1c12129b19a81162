import { sql } from 'kysely';
import { createTopic } from '../../src/catalog/create-topic.js';
import { setRole } from '../../src/catalog/topic-roles.js';
import type { TopicAccess, TopicPhase, TopicResults, TopicRole } from '../../src/schema.js';
import { type Browser, member, pairOn, type Site, thingNames, visit } from '../site.js';

/** A registered member with their browser. */
export type Member = Awaited<ReturnType<typeof member>>;

/** A topic that a member has made. */
export interface MadeTopic {
  id: number;
  slug: string;
  /** The start of its addresses. */
  path: string;
  owner: Member;
}

/** Makes a topic with things, as a new member. */
export async function makeTopic(
  site: Site,
  {
    access = 'link',
    phase = 'open',
    results = 'always',
    things = 6,
    title = 'Lunch',
  }: {
    access?: TopicAccess;
    phase?: TopicPhase;
    results?: TopicResults;
    things?: number;
    title?: string;
  } = {},
): Promise<MadeTopic> {
  const owner = await member(site);
  const { id, slug } = await site.db.transaction().execute(async (trx) => {
    const topic = await createTopic(trx, { title, question: 'Which one?', access, ownerId: owner.id });
    for (const name of thingNames(things))
      await trx
        .insertInto('things')
        .values({ topicId: topic.id, slug: name.toLowerCase().replace(' ', '-'), name: `${title} ${name}` })
        .execute();
    await trx.updateTable('topics').set({ phase, results }).where('id', '=', topic.id).execute();
    return topic;
  });
  await reload(site);
  return { id, slug, path: `/topics/${slug}`, owner };
}

/** Makes all processes, and the ranker, see changes that were made by SQL. */
export async function reload(site: Site): Promise<void> {
  await sql`update ranker_position set generation = generation + 1`.execute(site.db);
  await sql`update boards set changes = changes + 1, version = version + 1`.execute(site.db);
  await site.boards.refresh();
}

/** Registers a member and gives them a role. */
export async function memberWith(site: Site, topic: MadeTopic, role: TopicRole): Promise<Member> {
  const person = await member(site);
  await site.db.transaction().execute((trx) => setRole(trx, { topicId: topic.id, userId: person.id, role }));
  return person;
}

/** Votes of new guests, each on the first pair that they get; the thing with the lower number wins. */
export async function guestVotes(site: Site, { path }: MadeTopic, count: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const guest = visit(site);
      const { ballot, left, right } = pairOn((await guest.get(`${path}/vote`)).text);
      const choice = left < right ? 'left' : 'right';
      return (await guest.post(`${path}/vote`).type('form').send({ ballot, choice })).status;
    }),
  );
}

/** A voter who has joined a topic by a personal link. */
export interface Invited {
  browser: Browser;
  voterId: number;
}

/** Invites somebody by the form, and joins by their link. @param invitee `line` is a name, and a team after a comma */
export async function invited(
  site: Site,
  topic: MadeTopic,
  { line, track = '', browser = visit(site) }: { line: string; track?: string; browser?: Browser },
): Promise<Invited> {
  const voters = `${topic.path}/manage/voters`;
  await topic.owner.browser.post(voters).type('form').send({ names: line, track }).expect(303);
  const { text } = await topic.owner.browser.get(`${voters}/links.csv`).expect(200);
  const link = text
    .trim()
    .split('\n')
    .find((row) => row.startsWith(`${line.split(',')[0]},`));
  await browser.post(new URL(link?.split(',').at(-1) ?? '').pathname).expect(303);
  await site.boards.refresh();
  const { voterId } = await site.db
    .selectFrom('invitations')
    .where('topicId', '=', topic.id)
    .where('name', '=', line.split(',')[0] ?? '')
    .select('voterId')
    .executeTakeFirstOrThrow();
  return { browser, voterId: voterId ?? 0 };
}

/** Sets a field of some things of a topic, by the numbers in their names. */
export async function setThings(
  site: Site,
  { id, title = 'Lunch' }: { id: number; title?: string },
  values: Record<number, { team?: string | null; tags?: string[]; location?: string | null }>,
): Promise<void> {
  for (const [number, columns] of Object.entries(values))
    await site.db
      .updateTable('things')
      .set(columns)
      .where('topicId', '=', id)
      .where('name', '=', `${title} Thing ${number}`)
      .execute();
  await reload(site);
}
