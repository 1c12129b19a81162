import { type Request, type Response, Router } from 'express';
import { GUEST_LIFETIME_DAYS, readGuest } from '../auth/guest-cookie.js';
import { listOrganizedTopics } from '../catalog/organized-topic.js';
import { phaseAt } from '../catalog/phase.js';
import type { Config } from '../config.js';
import { type Database, isDatabaseUnavailable } from '../database.js';
import { entityTag, sendNotModified } from '../http/conditional-get.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage, wantsFragment } from '../http/page.js';
import { mayCreateTopics } from '../organize/new-topic-routes.js';
import { ownTopics } from '../profile/own-votes.js';
import type { Board, Standing } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { describeStanding, type StandingDescription } from '../ranking/boards/describe-standing.js';
import { showsResultsToAll } from '../ranking/boards/visit-topic.js';
import { VoterCounts } from '../ranking/boards/voter-counts.js';
import { contactOf } from '../site/contact.js';
import type { SiteSettings } from '../site/site-settings.js';
import { signBallot } from '../voting/ballot.js';
import { guestExists } from '../voting/guests.js';
import type { Hall } from '../voting/hall.js';
import type { Queues } from '../voting/queue.js';
import { NEW_GUEST, newGuest, sightOf, type Voter } from '../voting/voter.js';
import { queueOf } from '../voting/voter-queue.js';
import { type TopicFigures, topicCards } from './topics.js';

interface HomeServices {
  db: Database;
  boards: Boards;
  queues: Queues;
  hall: Hall;
  config: Config;
  settings: SiteSettings;
}

/** The front page, the list of topics, what the site says about accessibility and privacy, and the page for no connection. */
export function homeRoutes(services: HomeServices): Router {
  const { db, boards, config, settings } = services;
  const voterCounts = new VoterCounts(db);
  const figuresFor = (voter: Voter | undefined): Promise<TopicFigures> =>
    withoutPostgres({ own: [], voters: new Map() }, async () => ({
      own: voter && voter.id !== NEW_GUEST ? await ownTopics(db, boards, voter.id) : [],
      voters: await voterCounts.byTopic(),
    }));
  const router = Router();
  const idleSeconds = 60 * config.sessionIdleMinutes;
  router
    .route('/')
    .get(async (req, res) => {
      const board = boards.default();
      const { topic, version } = board;
      const state = `leaders-${topic.id}-${version}`;
      const podium = { leaders: findLeaders(board), votes: board.votes, tag: entityTag(state) };
      if (wantsFragment(res)) {
        if (!sendNotModified(res, state)) sendPage(res, 'home/_podium', podium);
        return;
      }
      const voter = await withoutPostgres(undefined, () => voterOn(services, req, res));
      const others = boards.listed().filter((other) => other !== board && other.size > 0);
      sendPage(res, 'home/index', {
        ...{ topic, ...podium, top: Math.min(LEADERS, board.size) },
        mayCreate: mayCreateTopics(settings.current, res.locals.user),
        topics: topicCards(others, await figuresFor(voter)),
        ...(voter ? await withoutPostgres(NO_PAIR, () => offerPair(services, board, voter)) : NO_PAIR),
      });
    })
    .all(methodNotAllowed);

  router
    .route('/topics')
    .get(async (req, res) => {
      const voter = await withoutPostgres(undefined, () => voterOn(services, req, res));
      const userId = res.locals.user?.id;
      sendPage(res, 'home/topics', {
        organized: userId ? await withoutPostgres([], () => listOrganizedTopics(db, userId)) : [],
        topics: topicCards(boards.listed(), await figuresFor(voter)),
        mayCreate: mayCreateTopics(settings.current, res.locals.user),
      });
    })
    .all(methodNotAllowed);

  router
    .route('/accessibility')
    .get((_req, res) =>
      sendPage(res, 'home/accessibility', { contact: contactOf(settings.current), idleSeconds }),
    )
    .all(methodNotAllowed);

  router
    .route('/privacy')
    .get((_req, res) =>
      sendPage(res, 'home/privacy', {
        contact: contactOf(settings.current),
        idleSeconds,
        expireDays: config.sessionExpireDays,
        guestDays: GUEST_LIFETIME_DAYS,
        shortenDays: config.retentionShortenDays,
        deleteDays: config.retentionDeleteDays,
        allowedOrigins: config.allowedOrigins,
        sendsMail: config.smtpUrl !== undefined,
      }),
    )
    .all(methodNotAllowed);

  // public/service-worker.js keeps this page and shows it when there is no connection.
  router
    .route('/offline')
    .get((_req, res) => sendPage(res, 'home/offline', {}))
    .all(methodNotAllowed);
  return router;
}

/** How many leading things the front page shows. */
const LEADERS = 3;

function findLeaders(board: Board): (Standing & StandingDescription)[] {
  if (!showsResultsToAll(board.topic)) return [];
  return board.standings
    .slice(0, LEADERS)
    .map((standing) => ({ ...standing, ...describeStanding(standing, board) }))
    .filter((leader) => leader.votes > 0);
}

// A visitor whose session has ended can read the front page. The form then asks them to log in again.
async function voterOn({ db, config }: HomeServices, req: Request, res: Response): Promise<Voter> {
  const { user } = res.locals;
  if (user) return { id: user.id, isGuest: false };
  const guestId = readGuest(req, config);
  const exists = guestId !== undefined && (await guestExists(db, guestId));
  return exists ? { id: guestId, isGuest: true } : newGuest(req, res);
}

/** These pages come from memory, so that they are there without Postgres. Then they leave out what is the visitor's own. */
async function withoutPostgres<Own>(fallback: Own, read: () => Promise<Own>): Promise<Own> {
  try {
    return await read();
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return fallback;
  }
}

const NO_PAIR = { left: undefined, right: undefined, ballot: undefined, guestVotes: 0 };

/** The next pair of the visitor, to vote right on the front page. */
async function offerPair({ db, queues, hall, config }: HomeServices, board: Board, voter: Voter) {
  const [secret] = config.secrets;
  if (phaseAt(board.topic) !== 'open') return NO_PAIR;
  const { pairs, answers } = await queueOf({
    ...{ db, queues, hall, voter, secret, showsResults: true },
    ...sightOf(board, voter),
  });
  const [pair] = pairs;
  const offer = pair && { topicId: board.topic.id, voterId: voter.id, isGuest: voter.isGuest, ...pair };
  return {
    left: pair && board.find(pair.leftId),
    right: pair && board.find(pair.rightId),
    ballot: offer && signBallot(offer, secret),
    guestVotes: voter.isGuest ? answers : 0,
  };
}
