import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Board } from '../../ranking/boards/board.js';
import { trackOf } from '../../ranking/boards/track.js';

/** How many pairs invited voters do not get, because they have own work among the things. */
export interface OwnWorkFigures {
  /** How many voters are invited, and how many of them have own work. */
  voters: number;
  withOwn: number;
  /** The most pairs that one voter does not get, and how many pairs there are without own work. */
  skipped: number;
  pairs: number;
  /** The fewest pairs that a voter has. */
  fewest: number;
}

/** Counts how own work thins the pairs of the invited voters; undefined when nobody has own work. */
export async function readOwnWork(db: Database, board: Board): Promise<OwnWorkFigures | undefined> {
  const topicId = board.topic.id;
  const { rows } = await sql<{ track: string | null; own: number[] }>`
    with own as (
      select invitations.id, things.id as thing_id from invitations join things
        on things.topic_id = invitations.topic_id and team_key(things.team) = team_key(invitations.team)
      where invitations.topic_id = ${topicId}
      union
      select invitations.id, thing_id from invitations join own_work using (topic_id, voter_id)
      where topic_id = ${topicId})
    select track, array(select thing_id from own where own.id = invitations.id)::float8[] as own
    from invitations where topic_id = ${topicId} and revoked_at is null`.execute(db);
  const voters = rows.map(({ track, own }) => {
    const seen = track === null ? board : trackOf(board, track);
    const others = seen.size - own.filter((id) => seen.find(id)).length;
    return { isThinned: others < seen.size, pairs: pairsOf(seen.size), left: pairsOf(others) };
  });
  const thinned = voters.filter(({ isThinned }) => isThinned);
  const [most] = thinned.toSorted((one, other) => other.pairs - other.left - (one.pairs - one.left));
  if (!most) return undefined;
  return {
    ...{ voters: voters.length, withOwn: thinned.length },
    ...{ skipped: most.pairs - most.left, pairs: most.pairs },
    fewest: Math.min(...voters.map(({ left }) => left)),
  };
}

const pairsOf = (things: number): number => (things * (things - 1)) / 2;
