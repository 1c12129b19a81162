import { findUser } from '../../auth/users/users.js';
import { findTopicOrThrow } from '../../catalog/topics.js';
import { type Command, readArguments, UsageError } from '../../command-line.js';
import type { Database } from '../../database.js';
import { count } from '../../http/format.js';
import { compareWithout } from '../../ranking/diagnostics/compare-without.js';
import { readTopicFigures, type TopicFigures } from '../../ranking/diagnostics/topic-figures.js';
import { catchUp } from '../../ranking/ranker/catch-up.js';
import { RankWorkerPool } from '../../ranking/ranker/rank-worker-pool.js';
import { Ranker } from '../../ranking/ranker/ranker.js';

/**
 * `figures --topic SLUG [--without NAME[,NAME ...]]`: prints how reliable a topic's ranking is and whose votes differ from
 * the others', or how the ranking would be without some users.
 */
export const figuresCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, {
    topic: { type: 'string' },
    without: { type: 'string' },
  });
  if (positionals.length > 0) throw new UsageError('figures takes options only');
  const { topic: slug, without } = values;
  if (!slug) throw new UsageError('--topic is missing');
  return async ({ db }) => {
    const topic = await findTopicOrThrow(db, slug);
    await catchUp(db, new Ranker(db));
    if (without === undefined) await printFigures(db, topic.id, await readTopicFigures(db, topic.id));
    else await printWithout(db, topic.id, without.split(','));
  };
};

async function printFigures(db: Database, topicId: number, figures: TopicFigures): Promise<void> {
  const { reliability, votes, voters, leftShare, medianSeconds, disputed } = figures;
  console.info(
    `${count(votes, 'vote')} of ${count(voters.length, 'voter')}. ` +
      `Left chosen: ${percent(leftShare)}. Time to decide: ${seconds(medianSeconds)}.`,
  );
  console.info(
    reliability === undefined
      ? 'Reliability: not known before ten votes a thing.'
      : `Reliability: ${reliability.toFixed(2)}.`,
  );
  const names = await readNames(db, topicId);
  if (disputed.length > 0) console.info(`Most disputed: ${disputed.map((id) => names.get(id)).join(', ')}.`);
  const differing = voters.filter(({ differs }) => differs);
  const users = await readUsernames(
    db,
    differing.map(({ voterId }) => voterId),
  );
  for (const { voterId, infit, ...habits } of differing)
    console.info(
      `${users.get(voterId) ?? `Voter ${voterId}`}: answers differ from the others' (infit ${infit?.toFixed(2)}, about ` +
        `1 is usual), ${count(habits.votes, 'vote')}, left chosen ${percent(habits.leftShare)}, ` +
        `${seconds(habits.medianSeconds)} a pair.`,
    );
}

async function printWithout(db: Database, topicId: number, usernames: string[]): Promise<void> {
  const users = await Promise.all(usernames.map((name) => findUser(db, name)));
  const voterIds = users.map(({ id }) => id);
  const names = await readNames(db, topicId);
  for (const { thingId, rank, rankWithout } of await compareWithout(db, new RankWorkerPool(), {
    topicId,
    voterIds,
  }))
    console.info(
      `${rank}. ${names.get(thingId)}${rank === rankWithout ? '' : ` (${rankWithout}. without them)`}`,
    );
}

async function readNames(db: Database, topicId: number): Promise<Map<number, string>> {
  const rows = await db.selectFrom('things').where('topicId', '=', topicId).select(['id', 'name']).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function readUsernames(db: Database, ids: number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('users').where('id', 'in', ids).select(['id', 'username']).execute();
  return new Map(rows.map(({ id, username }) => [id, username]));
}

const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(100 * share)} %`);

const seconds = (time: number | null): string => (time === null ? '–' : `${time.toFixed(1)} s`);
