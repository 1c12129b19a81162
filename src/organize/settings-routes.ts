import { type Response, Router } from 'express';
import { userOf } from '../auth/sessions/current-user.js';
import { setSchedule } from '../catalog/change-phase.js';
import { changeTopic } from '../catalog/change-topic.js';
import type { OrganizedTopic } from '../catalog/organized-topic.js';
import { phaseAt } from '../catalog/phase.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { seeOther, sendPage } from '../http/page.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { managePage } from './manage-page.js';
import { organizedTopicOf, requireRole } from './require-role.js';
import {
  readSettings,
  SETTINGS_FIELDS,
  type SettingsErrors,
  type SettingsForm,
  settingsFormOf,
  type TopicSchedule,
} from './settings.js';
import { timeZones } from './zoned-time.js';

/** The page on which organisers change what a topic is called, who votes, and when. */
export function settingsRoutes(services: { db: Database; boards: Boards }): Router {
  const { db, boards } = services;
  const router = Router();
  const zones = timeZones();

  router
    .route('/topics/:slug/manage/settings')
    .get(requireRole(services, 'run'), (_req, res) => showForm(res, settingsFormOf(organizedTopicOf(res))))
    .post(requireRole(services, 'run'), async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const form = readForm(req, ...SETTINGS_FIELDS);
      const read = readSettings(form, topic);
      if ('errors' in read) return showForm(res.status(422), form, read.errors);
      const userId = userOf(res).id;
      const { settings, schedule } = read;
      const slug = await db.transaction().execute((trx) => changeTopic(trx, { topic, userId }, settings));
      if (!isSameSchedule(schedule, topic)) await setSchedule(db, { topicId: topic.id, userId }, schedule);
      await boards.refresh();
      flash(res, 'saved');
      await seeOther(res, `/topics/${slug}/manage/settings`);
    })
    .all(methodNotAllowed);

  function showForm(res: Response, form: SettingsForm, errors: SettingsErrors = {}): void {
    const phase = phaseAt(organizedTopicOf(res).topic);
    sendPage(res, 'organize/settings', { ...managePage(res), form, errors, phase, zones });
  }

  return router;
}

function isSameSchedule(
  { opensAt, closesAt, timeZone }: TopicSchedule,
  topic: OrganizedTopic['topic'],
): boolean {
  const minute = (at: Date | null): number => Math.floor((at?.getTime() ?? 0) / 60_000);
  return (
    minute(opensAt) === minute(topic.opensAt) &&
    minute(closesAt) === minute(topic.closesAt) &&
    timeZone === topic.timeZone
  );
}
