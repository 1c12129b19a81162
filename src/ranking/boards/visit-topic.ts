import type { Request, Response } from 'express';
import { readGuest } from '../../auth/guest-cookie.js';
import { phaseAt } from '../../catalog/phase.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { notFound, Problem } from '../../http/problem.js';
import type { TopicPhase, TopicResults, TopicRole } from '../../schema.js';
import { statement } from '../../statement.js';
import type { Board, TopicSummary } from './board.js';
import type { Boards } from './board-loader.js';

/** What the look-up of a topic needs. */
export interface VisitServices {
  db: Database;
  boards: Boards;
  config: Config;
}

/** A topic that a visitor may see, and what they may see of it. */
export interface TopicVisit {
  board: Board;
  phase: TopicPhase;
  /** The role of the visitor; undefined for a stranger, and where no role is needed. */
  role: TopicRole | undefined;
  /** When the visitor will see the ranking; undefined when they see it now. */
  hidden: Exclude<TopicResults, 'always'> | undefined;
  /** Whether all visitors see the same, so that a page of it can be made once for all. */
  isForEveryone: boolean;
}

/**
 * Finds the topic in a request's address (`:slug`), or the default topic when it names none. Every look-up of a topic
 * by a visitor takes this way.
 * @throws Problem 404 when there is no such topic, or this visitor may not see it
 */
export function visitTopic(services: VisitServices, req: Request, res: Response): Promise<TopicVisit> {
  return visitBoard(services, services.boards.find(req.params.slug as string | undefined), res);
}

/** As `visitTopic`, for the board of a topic that was found in another way. */
export async function visitBoard(
  { db, config }: Pick<VisitServices, 'db' | 'config'>,
  board: Board | undefined,
  res: Response,
): Promise<TopicVisit> {
  if (!board) throw notFound();
  const { topic } = board;
  const phase = phaseAt(topic);
  if (topic.access !== 'public') res.setHeader('X-Robots-Tag', 'noindex');
  const isForAll = topic.access !== 'invited' && phase !== 'draft' && !topic.hiddenAt;
  const hidden = hiddenAt(topic, phase);
  const isForEveryone = isForAll && topic.access === 'public' && topic.results === 'always';
  if (isForAll && !hidden) return { board, phase, role: undefined, hidden, isForEveryone };
  const guestId = res.locals.user ? undefined : readGuest(res.req, config);
  const visitor = await readVisitor(db, board, { userId: res.locals.user?.id, guestId });
  const { role, isInvited, answers } = visitor;
  const isAdmin = res.locals.user?.role === 'admin';
  if (!maySee(topic, phase, { hasRole: role !== undefined, isInvited, isAdmin })) throw notFound();
  const isShown = seesResults(board, { hasRole: role !== undefined, answers });
  return { board, phase, role, hidden: isShown ? undefined : hidden, isForEveryone };
}

/** Whether a visitor may see a topic that is not for all. A topic that an admin has hidden is for its organisers and admins. */
function maySee(
  { access, hiddenAt }: TopicSummary,
  phase: TopicPhase,
  { hasRole, isInvited, isAdmin }: { hasRole: boolean; isInvited: boolean; isAdmin: boolean },
): boolean {
  if (hasRole) return true;
  if (hiddenAt) return isAdmin;
  return phase !== 'draft' && (access !== 'invited' || isInvited);
}

/**
 * Finds a topic for data of its ranking, as `visitTopic`.
 * @throws Problem 403 while this visitor does not see the ranking
 */
export async function visitResults(
  services: VisitServices,
  req: Request,
  res: Response,
): Promise<TopicVisit> {
  const visit = await visitTopic(services, req, res);
  if (!visit.hidden) return visit;
  throw new Problem(
    403,
    'The ranking is not shown yet',
    visit.hidden === 'after closing' ? 'It appears when voting closes.' : 'It appears after you have voted.',
  );
}

/** Whether the ranking of a topic is there for all its voters from the start. */
export const showsResultsToAll = (topic: TopicSummary): boolean => !hiddenAt(topic, phaseAt(topic));

/** Whether somebody who may see a topic sees its ranking, by whether they have a role and how many answers of theirs stand. */
export function seesResults(
  board: Board,
  { hasRole, answers }: { hasRole: boolean; answers: number },
): boolean {
  const hidden = hiddenAt(board.topic, phaseAt(board.topic));
  return !hidden || hasRole || (hidden === 'after voting' && answers >= answersForResults(board));
}

/** How many answers show a voter the ranking of a topic that shows it after voting. */
export const answersForResults = ({ topic, size }: Board): number =>
  Math.min(topic.votesEach ?? 1, Math.max((size * (size - 1)) / 2, 1));

/** After closing, everyone who may see the topic sees the ranking. */
const hiddenAt = ({ results }: TopicSummary, phase: TopicPhase): TopicVisit['hidden'] =>
  results === 'always' || phase === 'closed' ? undefined : results;

interface VisitorRow {
  role: TopicRole | null;
  isInvited: boolean;
  answers: number;
}

async function readVisitor(
  db: Database,
  board: Board,
  { userId, guestId }: { userId: number | undefined; guestId: number | undefined },
): Promise<Omit<VisitorRow, 'role'> & { role: TopicRole | undefined }> {
  const voterId = userId ?? guestId;
  if (voterId === undefined) return { role: undefined, isInvited: false, answers: 0 };
  const [row] = await selectVisitor(
    db,
    board.topic.id,
    voterId,
    userId !== undefined,
    answersForResults(board),
  );
  return { isInvited: row?.isInvited ?? false, answers: row?.answers ?? 0, role: row?.role ?? undefined };
}

const selectVisitor = statement<VisitorRow>(`
  select (select role from topic_roles where topic_id = $1 and user_id = $2 and $3::boolean) as role,
    exists (select from invitations where topic_id = $1 and voter_id = $2 and joined_at is not null
      and revoked_at is null) as is_invited,
    (select count(*) from (
      select from votes where topic_id = $1 and voter_id = $2 and withdrawn_at is null and outcome <> 'skip'
      limit $4) as own)::int as answers`);
