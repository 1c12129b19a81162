import { type Request, Router } from 'express';
import { requireUser, userOf } from '../auth/sessions/current-user.js';
import type { User } from '../auth/sessions/session-validator.js';
import { correctThings, readThings, type ThingsInput } from '../catalog/things-input.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { seeOther, sendPage, wantsFragment } from '../http/page.js';
import { Problem } from '../http/problem.js';
import type { SiteSettings, SiteValues } from '../site/site-settings.js';
import { EXAMPLES, findExample } from './examples.js';
import { checkTopicTexts, makeTopic, type TopicErrors } from './new-topic.js';
import type { NewTopicPage } from './pages.js';
import { readTextFile } from './read-text-file.js';
import { previewOf, readCorrections, readyThings, sendPreview } from './things-form.js';

interface NewTopicServices {
  db: Database;
  config: Config;
  settings: SiteSettings;
}

/** Whether a user, or a visitor who can still log in, may make topics. */
export function mayCreateTopics(
  { topicCreation }: Pick<SiteValues, 'topicCreation'>,
  user: User | undefined,
): boolean {
  return topicCreation === 'members' || user?.role === 'admin';
}

/** The page on which somebody makes a topic. */
export function newTopicRoutes({ db, config, settings }: NewTopicServices): Router {
  const router = Router();
  const most = config.maxThingsPerTopic;

  router
    .route('/topics/new')
    .get(requireUser, async (_req, res) => {
      refuseOthers(settings.current, userOf(res));
      sendPage(res, 'organize/new', newTopicPage(EMPTY, { most, input: await readThings('') }));
    })
    .post(readTextFile, async (req, res) => {
      const form = await readNewTopic(req);
      if (wantsFragment(res)) return sendPreview(req, res, { most });
      if (res.locals.sessionError) throw res.locals.sessionError;
      const { user } = res.locals;
      if (user) refuseOthers(settings.current, user);
      const input = await readThings(form.things);
      const { things, error } = readyThings(input, { most, leavesOut: form.leavesOut });
      const errors = form.isSent ? { ...checkTopicTexts(form), ...(error && { things: error }) } : {};
      if (!user || !form.isSent || Object.keys(errors).length > 0)
        return sendPage(
          res.status(422),
          'organize/new',
          newTopicPage(form, { most, input, errors, isLoggedOut: !user }),
        );
      const topic = await makeTopic(db, config, { ownerId: user.id, texts: form, things });
      flash(res, form.wantsPictures ? 'topic-awaits-pictures' : 'topic-created');
      await seeOther(res, `/topics/${topic.slug}/manage${form.wantsPictures ? '/pictures' : ''}`);
    })
    .all(methodNotAllowed);

  return router;
}

/** @throws Problem 403 for those who may not make topics */
function refuseOthers(values: SiteValues, user: User): void {
  if (!mayCreateTopics(values, user))
    throw new Problem(403, 'Only admins make topics here', 'Ask the people who run this site.');
}

type Typed = Pick<NewTopicPage, 'title' | 'question' | 'access' | 'things'>;

const EMPTY: Typed = { title: '', question: '', access: 'link', things: '' };

interface SentTopic extends Typed {
  /** Whether the topic shall be made. */
  isSent: boolean;
  /** Whether pictures come next. */
  wantsPictures: boolean;
  leavesOut: boolean;
}

/** Reads the form, puts the corrections into the things, and an example into the fields that are empty. */
async function readNewTopic(req: Request): Promise<SentTopic> {
  const form = readForm(req, 'title', 'question', 'access', 'things', 'leave-out', 'example', 'action');
  const things = await correctThings(form.things, readCorrections(req));
  const example = findExample(form.example);
  return {
    title: form.title || (example?.title ?? ''),
    question: form.question || (example?.question ?? ''),
    access: form.access,
    things: things.trim() === '' ? (example?.things ?? '') : things,
    isSent: form.action === 'create' || form.action === 'pictures',
    wantsPictures: form.action === 'pictures',
    leavesOut: form['leave-out'] !== '',
  };
}

function newTopicPage(
  { title, question, access, things }: Typed,
  {
    most,
    input,
    errors = {},
    isLoggedOut = false,
  }: { most: number; input: ThingsInput; errors?: TopicErrors; isLoggedOut?: boolean },
): NewTopicPage {
  return {
    ...{ title, question, access, things, errors, isLoggedOut },
    examples: Object.entries(EXAMPLES).map(([name, { label }]) => ({ name, label })),
    preview: previewOf(input, { most }),
  };
}
