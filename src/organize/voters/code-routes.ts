import { type Response, Router } from 'express';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { userOf } from '../../auth/sessions/current-user.js';
import { findByCode, makeTopicCode, parseCode, removeTopicCode } from '../../catalog/topic-codes.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { readForm } from '../../http/form.js';
import { CROWD_FACTOR } from '../../http/network.js';
import { seeOther, sendPage } from '../../http/page.js';
import { countAttempt, refuseExhausted } from '../../http/rate-limiter.js';
import { backTo } from '../manage-page.js';
import { organizedTopicOf, requireRole } from '../require-role.js';

/** The page on which people type the code of a topic, and the buttons that make a code and turn it off. */
export function codeRoutes(services: { db: Database; codeGuesses: RateLimiterAbstract }): Router {
  const { db, codeGuesses } = services;
  const router = Router();

  router
    .route('/join')
    .get((_req, res) => sendPage(res, 'organize/enter-code', { code: '', error: undefined }))
    .post(async (req, res) => {
      const typed = readForm(req, 'code').code.slice(0, 80);
      const slug = await findTopic(res, typed);
      if (slug) return seeOther(res, `/topics/${slug}/vote`);
      const error = typed.trim() === '' ? EMPTY : UNKNOWN;
      return sendPage(res.status(422), 'organize/enter-code', { code: typed, error });
    })
    .all(methodNotAllowed);

  for (const [path, change, message] of [
    ['code', makeTopicCode, 'code-made'],
    ['code/off', removeTopicCode, 'code-off'],
  ] as const)
    router
      .route(`/topics/:slug/manage/${path}`)
      .post(requireRole(services, 'run'), async (_req, res) => {
        await change(db, { topicId: organizedTopicOf(res).topic.id, userId: userOf(res).id });
        await backTo(res, '', message);
      })
      .all(methodNotAllowed);

  /**
   * Only wrong codes count towards the limit, and it is that of a crowd: a class has one network, and each pupil may
   * mistype. There are so many codes that this still finds none.
   */
  async function findTopic(res: Response, typed: string): Promise<string | undefined> {
    const { key, factor } = res.locals.network;
    await refuseExhausted(codeGuesses, key, factor * CROWD_FACTOR);
    const code = parseCode(typed);
    const slug = code && (await findByCode(db, code));
    if (code && !slug) await countAttempt(codeGuesses, key);
    return slug;
  }

  return router;
}

const EMPTY = 'Type the code that you see on the screen or the sheet.';
const UNKNOWN = 'There is no vote with this code. Look at it again: it has eight letters and digits.';

/** The address at which people type a code, as they read it: without the scheme. */
export const joinUrlOf = ({ publicOrigin }: Config): string =>
  `${publicOrigin.replace(/^https?:\/\//, '')}/join`;
