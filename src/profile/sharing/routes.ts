import { type Request, type Response, Router } from 'express';
import { requireUser, userOf } from '../../auth/sessions/current-user.js';
import { topicPath } from '../../catalog/topics.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { flash } from '../../http/flash.js';
import { readForm } from '../../http/form.js';
import { seeOther, sendPage } from '../../http/page.js';
import { notFound, Problem } from '../../http/problem.js';
import type { Boards } from '../../ranking/boards/board-loader.js';
import { boardOf } from '../../ranking/boards/find-board.js';
import type { FiguresOfPeople } from '../own-figures.js';
import { ownTopOf, SHARE_SIZES } from '../own-top.js';
import { ownTopics } from '../own-votes.js';
import { cardOf, drawCard } from './card.js';
import { endShare, findShare, MOST_SHARES, publish, type Share, sharesOf } from './shares.js';

/** Publishing one's own Top under a link, seeing and ending one's links, and what they show. */
export function sharingRoutes({
  db,
  boards,
  figures,
  config,
}: {
  db: Database;
  boards: Boards;
  figures: FiguresOfPeople;
  config: Config;
}): Router {
  const router = Router();

  router
    .route('/profile/topics/:slug/share')
    .post(requireUser, async (req, res) => {
      const board = boardOf(boards, req);
      const userId = userOf(res).id;
      const form = readForm(req, 'size', 'name');
      const size = SHARE_SIZES.find((size) => String(size) === form.size);
      if (!size || (form.name !== 'mine' && form.name !== 'none'))
        throw new Problem(
          422,
          'Nothing was shared yet',
          'Go back and choose how many, and whether to say whose it is.',
        );
      const topics = await ownTopics(db, boards, userId);
      const mine = topics.find((topic) => topic.board === board);
      const own = mine && ownTopOf(board, await figures.of(userId, mine));
      const things = own?.isEnough ? [...own.top, ...own.rest].slice(0, size) : [];
      if (!own || things.length < size)
        throw new Problem(422, 'Your list is too short for that', 'Vote a little more, and share it then.');
      const share = { userId, topicId: board.topic.id, votes: own.answers, isNamed: form.name === 'mine' };
      const token = await publish(db, { ...share, thingIds: things.map(({ standing }) => standing.id) });
      if (!token)
        throw new Problem(
          422,
          `You have ${MOST_SHARES} links`,
          'That is as many as one may have. End one of them first.',
        );
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
      const card = await cardOf(await openShare(req, res));
      // Asked for again each time, so that an ended link is gone everywhere; other sites may show it.
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

  async function openShare(req: Request, res: Response): Promise<Share> {
    // A link is for those who were given it, not for search engines.
    res.setHeader('X-Robots-Tag', 'noindex');
    const share = await findShare(db, String(req.params.token));
    if (!share) throw notFound();
    if (share === 'ended')
      throw new Problem(410, 'This link has ended', 'Whoever shared it does not share it any more.');
    return share;
  }

  return router;
}
