import { type Request, type Response, Router } from 'express';
import type { Sudo } from '../../auth/sessions/sudo.js';
import { makeDefault, setHidden } from '../../catalog/moderate-topic.js';
import { listPeople } from '../../catalog/topic-roles.js';
import { topicPath } from '../../catalog/topics.js';
import type { Config } from '../../config.js';
import type { Database, Transaction } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import type { Flash } from '../../http/flash.js';
import { readForm } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import { notFound, Problem } from '../../http/problem.js';
import type { Boards } from '../../ranking/boards/board-loader.js';
import { backTo, idOf, readPage, readQuery } from '../admin-page.js';
import { actorOf, idOfActor, recordAct } from '../record-act.js';
import { requireAdmin } from '../require-admin.js';
import { findAdminTopic, findTopics, TOPIC_FILTERS, TOPICS_PER_PAGE } from './find-topics.js';
import { handTopicTo } from './hand-over.js';

interface TopicServices {
  db: Database;
  boards: Boards;
  config: Config;
  sudo: Sudo;
}

type TopicChange = (trx: Transaction, act: { topicId: number; userId: number | null }) => Promise<boolean>;

/** What admins do to a topic with one press. */
const ACTS: [path: string, change: TopicChange, kind: string, message: Flash][] = [
  ['hide', (trx, act) => setHidden(trx, act, true), 'admin-topic-hidden', 'topic-hidden'],
  ['show', (trx, act) => setHidden(trx, act, false), 'admin-topic-shown', 'topic-shown'],
  ['default', makeDefault, 'admin-topic-default', 'topic-default'],
];

/** The list of topics and the page of each, for admins. */
export function topicRoutes(services: TopicServices): Router {
  const { db, boards, config, sudo } = services;
  const router = Router();

  router
    .route('/admin/topics')
    .get(requireAdmin, async (req, res) => {
      const query = readQuery(req.query.q);
      const page = readPage(req.query.page);
      const filter = TOPIC_FILTERS.find((name) => name === req.query.show) ?? 'all';
      const { topics, found } = await findTopics(db, { query, filter, page });
      const pages = Math.max(Math.ceil(found / TOPICS_PER_PAGE), 1);
      sendPage(res, 'admin/topics', { topics, filter, query, page, pages, found });
    })
    .all(methodNotAllowed);

  router
    .route('/admin/topics/:id')
    .get(requireAdmin, (req, res) => showTopic(req, res))
    .all(methodNotAllowed);

  for (const [path, change, kind, message] of ACTS)
    router
      .route(`/admin/topics/:id/${path}`)
      .post(requireAdmin, async (req, res) => {
        const [topicId, actor] = [idOf(req), actorOf(req, res)];
        if (!(await findAdminTopic(db, topicId))) throw notFound();
        const isDone = await db.transaction().execute(async (trx) => {
          if (!(await change(trx, { topicId, userId: idOfActor(actor) }))) return false;
          await recordAct(trx, actor, { kind, about: `topic ${topicId}` });
          return true;
        });
        if (!isDone) throw notPossible(path);
        await boards.refresh();
        await backTo(res, `/topics/${topicId}`, message);
      })
      .all(methodNotAllowed);

  router
    .route('/admin/topics/:id/hand-over')
    .post(requireAdmin, sudo.required, async (req, res) => {
      const topicId = idOf(req);
      if (!(await findAdminTopic(db, topicId))) throw notFound();
      const { username } = readForm(req, 'username');
      const isDone = await handTopicTo(db, actorOf(req, res), { topicId, username });
      if (!isDone) return showTopic(req, res.status(422), { username, error: 'Nobody here has this name.' });
      return backTo(res, `/topics/${topicId}`, 'topic-handed-over');
    })
    .all(methodNotAllowed);

  /** @param form what was typed as the new owner, and what is wrong with it */
  async function showTopic(
    req: Request,
    res: Response,
    form: { username: string; error: string } = { username: '', error: '' },
  ): Promise<void> {
    const topic = await findAdminTopic(db, idOf(req));
    if (!topic) throw notFound();
    const people = await listPeople(db, topic.id);
    const path = `${topicPath(topic)}/top`;
    sendPage(res, 'admin/topic', { topic, people, path, maxMegabytes: config.maxTopicMb, ...form });
  }

  return router;
}

const notPossible = (act: string): Problem =>
  act === 'default'
    ? new Problem(
        409,
        'This topic can’t be the default one',
        'The default topic is public, open, not hidden, and has at least two things.',
      )
    : new Problem(
        409,
        'Nothing changed',
        'The default topic can’t be hidden. Make another one the default first.',
      );
