import { Router } from 'express';
import { GUEST_LIFETIME_DAYS } from '../auth/guest-cookie.js';
import { listOrganizedTopics } from '../catalog/organized-topic.js';
import { unlessUnavailable } from '../database.js';
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
import { type OfferServices, offerPair, voterOn } from '../voting/offer-pair.js';
import { NEW_GUEST, type Voter } from '../voting/voter.js';
import { type TopicFigures, topicCards } from './topics.js';

interface HomeServices extends OfferServices {
  boards: Boards;
  settings: SiteSettings;
}

/** The front page, the list of topics, what the site says about accessibility and privacy, and the page for no connection. */
export function homeRoutes(services: HomeServices): Router {
  const { db, boards, config, settings } = services;
  const voterCounts = new VoterCounts(db);
  const figuresFor = (voter: Voter | undefined): Promise<TopicFigures> =>
    unlessUnavailable({ own: [], voters: new Map() }, async () => ({
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
      const voter = await unlessUnavailable(undefined, () => voterOn(services, req, res));
      const others = boards.listed().filter((other) => other !== board && other.size > 0);
      const offer = voter && (await unlessUnavailable(undefined, () => offerPair(services, board, voter)));
      sendPage(res, 'home/index', {
        ...{ topic, ...podium, top: Math.min(LEADERS, board.size) },
        mayCreate: mayCreateTopics(settings.current, res.locals.user),
        topics: topicCards(others, await figuresFor(voter)),
        pair: offer?.pair,
        guestVotes: voter?.isGuest ? (offer?.answers ?? 0) : 0,
      });
    })
    .all(methodNotAllowed);

  router
    .route('/topics')
    .get(async (req, res) => {
      const voter = await unlessUnavailable(undefined, () => voterOn(services, req, res));
      const userId = res.locals.user?.id;
      sendPage(res, 'home/topics', {
        organized: userId ? await unlessUnavailable([], () => listOrganizedTopics(db, userId)) : [],
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
