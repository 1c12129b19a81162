import { type Request, type Response, Router } from 'express';
import { requireUser, userOf } from '../../auth/sessions/current-user.js';
import type { Pictures } from '../../catalog/pictures/pictures.js';
import { topicPath } from '../../catalog/topics.js';
import { methodNotAllowed } from '../../http/errors.js';
import { flash } from '../../http/flash.js';
import { readForm } from '../../http/form.js';
import { seeOther, sendPage } from '../../http/page.js';
import { notFound, Problem } from '../../http/problem.js';
import type { Board } from '../../ranking/boards/board.js';
import { type VisitServices, visitTopic } from '../../ranking/boards/visit-topic.js';
import type { SiteSettings } from '../../site/site-settings.js';
import type { OwnRankings } from '../own-rankings.js';
import { type OwnTop, ownTopOf, SHARE_SIZES } from '../own-top.js';
import { ownTopics } from '../own-votes.js';
import { cardOf, drawCard } from './card.js';
import { createShare, endShare, findShare, MAX_SHARES, type Share, sharesOf } from './shares.js';

/**
 * The forms and pages with which users share their own Tops by links, and the pages and pictures of these
 * links.
 */
export function sharingRoutes(
  services: VisitServices & { rankings: OwnRankings; pictures: Pictures; settings: SiteSettings },
): Router {
  const { db, boards, rankings, pictures, config, settings } = services;
  const router = Router();

  router
    .route('/profile/topics/:slug/share')
    .post(requireUser, async (req, res) => {
      const { board } = await visitTopic(services, req, res);
      if (board.topic.access !== 'public') throw notPublic();
      const userId = userOf(res).id;
      const { size, isNamed } = readShareForm(req);
      const own = await ownTopIn(board, userId);
      const things = own?.isEnough ? own.rows.slice(0, size) : [];
      if (!own || things.length < size) throw listTooShort();
      const thingIds = things.map(({ id }) => id);
      const share = { userId, topicId: board.topic.id, thingIds, isNamed, votes: own.answers };
      const token = await createShare(db, share);
      if (!token) throw tooManyLinks();
      await seeOther(res, `/profile/links?new=${token}`);
    })
    .all(methodNotAllowed);

  router
    .route('/profile/links')
    .get(requireUser, async (req, res) => {
      const links = (await sharesOf(db, userOf(res).id)).map((share) => ({
        ...share,
        url: `${config.publicOrigin}/shared/${share.token}`,
      }));
      sendPage(res, 'profile/sharing/links', {
        links,
        fresh: links.find(({ token }) => token === req.query.new),
      });
    })
    .all(methodNotAllowed);

  router
    .route('/profile/links/:token/end')
    .post(requireUser, async (req, res) => {
      if (!(await endShare(db, userOf(res).id, String(req.params.token)))) throw notFound();
      flash(res, 'share-ended');
      await seeOther(res, '/profile/links');
    })
    .all(methodNotAllowed);

  router
    .route('/shared/:token.png')
    .get(async (req, res) => {
      const content = { ...(await openShare(req, res)), site: settings.current.name };
      const card = await cardOf(content, (picture) => pictures.drawPng(picture));
      // Browsers must check it each time, so that an ended link is gone everywhere. Other sites may show the
      // picture.
      res.setHeader('Cache-Control', 'public, no-cache');
      res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
      res.setHeader('ETag', card.etag);
      if (req.fresh) res.status(304).end();
      else res.type('png').send(await drawCard(card));
    })
    .all(methodNotAllowed);

  router
    .route('/shared/:token')
    .get(async (req, res) => {
      const share = await openShare(req, res);
      const topic = boards.byTopic(share.topicId)?.topic;
      const url = `${config.publicOrigin}/shared/${share.token}`;
      const title = `${share.name ?? 'Someone'}’s Top ${share.things.length}: ${share.topic}`;
      const named = share.things.flatMap(({ name }, index) => (name ? `${index + 1}. ${name}` : []));
      sendPage(res, 'profile/sharing/shared', {
        share,
        title,
        path: topic && topicPath(topic),
        isOwn: res.locals.user?.id === share.userId,
        card: { title, url, image: `${url}.png`, description: named.join(', ') },
      });
    })
    .all(methodNotAllowed);

  async function ownTopIn(board: Board, userId: number): Promise<OwnTop | undefined> {
    const topics = await ownTopics(db, boards, userId);
    const topic = topics.find((other) => other.board === board);
    return topic && ownTopOf(topic, await rankings.of(userId, topic));
  }

  async function openShare(req: Request, res: Response): Promise<Share> {
    // A link is for people who were given it, not for search engines.
    res.setHeader('X-Robots-Tag', 'noindex');
    const share = await findShare(db, String(req.params.token));
    if (!share) throw notFound();
    if (share === 'ended') throw new Problem(410, 'This link is turned off', 'The list is no longer shared.');
    return share;
  }

  return router;
}

/** Reads the form for a new link. @throws Problem 422 when a field has no valid value */
function readShareForm(req: Request): { size: number; isNamed: boolean } {
  const form = readForm(req, 'size', 'name');
  const size = SHARE_SIZES.find((length) => String(length) === form.size);
  if (!size || (form.name !== 'mine' && form.name !== 'none'))
    throw new Problem(
      422,
      'Nothing was shared yet',
      'Go back and choose a size and whether to show your name.',
    );
  return { size, isNamed: form.name === 'mine' };
}

const notPublic = (): Problem =>
  new Problem(422, 'This topic is not public', 'Only lists of public topics can be shared.');

const listTooShort = (): Problem =>
  new Problem(422, 'Your list is too short', 'Vote a few more times, then share it.');

const tooManyLinks = (): Problem =>
  new Problem(422, `You have ${MAX_SHARES} links`, 'You can’t have more. Turn one of them off first.');
