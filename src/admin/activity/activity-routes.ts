import { type Request, Router } from 'express';
import { checkRecord, latestCheck } from '../../auth/audit/check-record.js';
import { usernameKey } from '../../auth/users/usernames.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage } from '../../http/page.js';
import { backTo, readQuery } from '../admin-page.js';
import { requireAdmin } from '../require-admin.js';
import { type ActivityEntry, listActivity } from './activity.js';
import { ACTIVITY_FILTERS } from './kinds.js';

const DAY_MS = 24 * 3_600_000;

/** The page that tells who did what and when, and whether the record of it is whole. */
export function activityRoutes({ db }: { db: Database }): Router {
  const router = Router();

  router
    .route('/admin/activity')
    .get(requireAdmin, async (req, res) => {
      const query = readActivityQuery(req);
      const personId = query.person === '' ? undefined : await findId(db, query.person);
      const nobody = { entries: [] as ActivityEntry[], older: undefined };
      const list =
        query.person !== '' && personId === undefined
          ? nobody
          : await listActivity(db, { ...query, personId });
      sendPage(res, 'admin/activity', { ...list, query, check: await latestCheck(db) });
    })
    .all(methodNotAllowed);

  router
    .route('/admin/activity/check')
    .post(requireAdmin, async (_req, res) => {
      await checkRecord(db);
      await backTo(res, '/activity', 'record-checked');
    })
    .all(methodNotAllowed);

  return router;
}

function readActivityQuery({ query }: Request) {
  const before = Number(query.before);
  const [fromDay, untilDay] = [readDay(query.from), readDay(query.to)];
  return {
    filter: ACTIVITY_FILTERS.find((name) => name === query.show) ?? 'admins',
    person: readQuery(query.person),
    fromDay: fromDay?.toISOString().slice(0, 10) ?? '',
    untilDay: untilDay?.toISOString().slice(0, 10) ?? '',
    from: fromDay,
    until: untilDay && new Date(untilDay.getTime() + DAY_MS),
    before: Number.isSafeInteger(before) && before > 0 ? before : undefined,
  };
}

/** Reads a day in UTC, such as `2026-11-30`; undefined when the text is none. */
function readDay(text: unknown): Date | undefined {
  if (typeof text !== 'string' || !/^2\d{3}-\d\d-\d\d$/.test(text)) return undefined;
  const day = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(day.getTime()) ? undefined : day;
}

async function findId(db: Database, username: string): Promise<number | undefined> {
  const user = await db
    .selectFrom('users')
    .where('usernameKey', '=', usernameKey(username))
    .select('id')
    .executeTakeFirst();
  return user?.id;
}
