import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../../src/database.js';
import { adoptLedger } from '../../../src/ranking/ranker/adopt-ledger.js';
import { readLedger } from '../../../src/ranking/ranker/ledger.js';
import { Ranker } from '../../../src/ranking/ranker/ranker.js';
import { foldAll, itOnPostgres, member, topic, useSite, vote } from '../../site.js';
import { expectCorrectRatings } from './expected-ratings.js';

const site = useSite();

beforeAll(() => topic(site));

const ratings = () => site.db.selectFrom('ratings').selectAll().orderBy('thingId').execute();

const counted = async () => (await ratings()).reduce((sum, row) => sum + row.wins + row.ties / 2, 0);

async function things(): Promise<{ topicId: number; ids: number[] }> {
  const rows = await site.db.selectFrom('things').select(['id', 'topicId']).orderBy('id').execute();
  return { topicId: rows[0]?.topicId ?? 0, ids: rows.map(({ id }) => id) };
}

async function castImportedVote(db: Database): Promise<void> {
  const { topicId, ids } = await things();
  const [leftId = 0, rightId = 0] = ids;
  await db
    .insertInto('votes')
    .values({
      ballotId: crypto.randomUUID(),
      topicId,
      leftId,
      rightId,
      voterId: null,
      outcome: 'left',
      strategy: 'import',
    })
    .execute();
}

it('folds each vote once, also with several rankers', async () => {
  const { browser } = await member(site);
  await vote(browser);
  await vote(browser);
  await vote(browser, 'skip');
  await foldAll(site.db, new Ranker(site.db), new Ranker(site.db), new Ranker(site.db));
  expect(await counted()).toBe(2);
  expect(await new Ranker(site.db).fold()).toBe(0);
  expect(await counted()).toBe(2);
});

it('goes on correctly when another ranker has folded in between', async () => {
  const [one, other] = [new Ranker(site.db), new Ranker(site.db)];
  const before = await counted();
  for (const ranker of [one, other, one, other]) {
    await castImportedVote(site.db);
    await foldAll(site.db, ranker);
  }
  expect(await counted()).toBe(before + 4);
  const { topicId } = await things();
  await expectCorrectRatings(site.db, topicId);
});

it('has the same ratings as before after a vote was taken back', async () => {
  const { topicId } = await things();
  await site.rank();
  await new Ranker(site.db).refit(topicId);
  const before = await ratings();
  const { browser } = await member(site);
  await vote(browser);
  await site.rank();
  expect(await ratings()).not.toEqual(before);
  await browser.post('/vote/undo').expect(303);
  await site.rank();
  expect(await ratings()).toEqual(before);
});

it('rebuilds the same ratings from the ledger', async () => {
  const { browser } = await member(site);
  for (const choice of ['left', 'tie', 'right'] as const) await vote(browser, choice);
  await browser.post('/vote/undo').expect(303);
  await site.rank();
  // The withdrawal caused a fit of all votes, and none were cast after it.
  const live = await ratings();
  await site.db.updateTable('ratings').set({ mean: 9, wins: 99 }).execute();
  const { topicId } = await things();
  await new Ranker(site.db).refit(topicId);
  expect(await ratings()).toEqual(live);
  await expectCorrectRatings(site.db, topicId);
});

itOnPostgres('folds a vote whose transaction was open while later ones committed', async () => {
  await site.rank();
  const before = await counted();
  let commit = (): void => undefined;
  const mayCommit = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let noteWritten = (): void => undefined;
  const isWritten = new Promise<void>((resolve) => {
    noteWritten = resolve;
  });
  const openTransaction = site.db.transaction().execute(async (trx) => {
    await castImportedVote(trx);
    noteWritten();
    await mayCommit;
  });
  await isWritten;
  await castImportedVote(site.db);
  await castImportedVote(site.db);
  await new Ranker(site.db).fold();
  commit();
  await openTransaction;
  await site.rank();
  expect(await counted()).toBe(before + 3);
  expect(await new Ranker(site.db).fold()).toBe(0);
});

it('orders the ledger by transaction ids as numbers, not as text', async () => {
  const { topicId, ids } = await things();
  for (const xid of ['100', '9', '99', '10'])
    await sql`
      insert into votes (ballot_id, topic_id, left_id, right_id, outcome, strategy, xid)
      values (gen_random_uuid(), ${topicId}, ${ids[0]}, ${ids[1]}, 'skip', 'import', ${xid}::xid8)`.execute(
      site.db,
    );
  const read: string[] = [];
  for (let after = { xid: '0', id: 0 }; read.length < 4; ) {
    const [entry] = await readLedger(site.db, after, 1);
    if (!entry) break;
    read.push(entry.xidText);
    after = { xid: entry.xidText, id: entry.id };
  }
  expect(read).toEqual(['9', '10', '99', '100']);
});

it('rates a retired thing by all its votes, live as in a rebuild, but does not rank it', async () => {
  await castImportedVote(site.db);
  await site.rank();
  const { topicId, ids } = await things();
  await site.db
    .updateTable('things')
    .set({ retiredAt: new Date() })
    .where('id', '=', ids[0] ?? 0)
    .execute();
  await sql`update ranker_position set generation = generation + 1`.execute(site.db);
  await castImportedVote(site.db);
  await site.rank();
  const ranked = await site.db.selectFrom('standings').select('thingId').execute();
  expect(ranked.map(({ thingId }) => thingId)).not.toContain(ids[0]);
  expect(ranked.length).toBeGreaterThan(1);
  await expectCorrectRatings(site.db, topicId);
  await site.db
    .updateTable('things')
    .set({ retiredAt: null })
    .where('id', '=', ids[0] ?? 0)
    .execute();
});

it('loses no vote when a fold fails halfway', async () => {
  await site.rank();
  const before = await counted();
  await castImportedVote(site.db);
  const ranker = new Ranker(site.db);
  await sql`alter table ratings add constraint broken check (wins < 0) not valid`.execute(site.db);
  await expect(foldAll(site.db, ranker)).rejects.toThrow('broken');
  await sql`alter table ratings drop constraint broken`.execute(site.db);
  await foldAll(site.db, ranker);
  expect(await counted()).toBe(before + 1);
});

it('adopts a ledger that was restored into a younger server, and keeps voided voters excluded', async () => {
  const { browser } = await member(site);
  const other = await member(site);
  await vote(other.browser);
  await site.db.insertInto('voterEvents').values({ voterId: other.id, kind: 'voided' }).execute();
  await vote(browser);
  await browser.post('/vote/undo').expect(303);
  await vote(browser);
  await site.rank();
  const before = await counted();
  const later = '90000000000000000';
  await sql`alter table votes disable trigger votes_only_withdraw`.execute(site.db);
  await sql`update votes set xid = (xid::text::numeric + ${later}::numeric)::text::xid8,
    withdrawn_xid = (withdrawn_xid::text::numeric + ${later}::numeric)::text::xid8`.execute(site.db);
  await sql`alter table votes enable trigger votes_only_withdraw`.execute(site.db);
  await sql`alter table voter_events disable trigger voter_events_append_only`.execute(site.db);
  await sql`update voter_events set xid = (xid::text::numeric + ${later}::numeric)::text::xid8`.execute(
    site.db,
  );
  await sql`alter table voter_events enable trigger voter_events_append_only`.execute(site.db);
  await sql`update ranker_position set xid = (xid::text::numeric + ${later}::numeric)::text::xid8`.execute(
    site.db,
  );

  expect(await adoptLedger(site.db)).toBe(true);
  expect(await adoptLedger(site.db)).toBe(false);
  await castImportedVote(site.db);
  await site.rank();
  expect(await counted()).toBe(before + 1);
});
