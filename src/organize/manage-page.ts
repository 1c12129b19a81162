import type { Response } from 'express';
import { phaseAt } from '../catalog/phase.js';
import { mayDo } from '../catalog/topic-roles.js';
import { type Flash, flash } from '../http/flash.js';
import { seeOther } from '../http/page.js';
import { Problem } from '../http/problem.js';
import type { ManagePage } from './pages.js';
import { organizedTopicOf } from './require-role.js';

/** What every page of a topic's organisers shows. It stands behind `requireRole`. */
export function managePage(res: Response): ManagePage {
  const { topic, role } = organizedTopicOf(res);
  return { topic, role, manage: `/topics/${topic.slug}/manage`, mayRun: mayDo(role, 'run') };
}

/** Answers an accepted form with a message, on another page of the topic's organisers. */
export async function backTo(res: Response, page: string, message: Flash): Promise<void> {
  flash(res, message);
  await seeOther(res, `${managePage(res).manage}${page}`);
}

/** Why the things of a topic can't change, for a form that keeps what was typed; undefined when they can. */
export const closedError = (res: Response): string | undefined =>
  phaseAt(organizedTopicOf(res).topic) === 'closed' ? `Voting is closed. ${CLOSED}` : undefined;

/** @throws Problem 409 when voting is closed */
export function refuseClosed(res: Response): void {
  if (closedError(res)) throw new Problem(409, 'Voting is closed', CLOSED);
}

const CLOSED = 'The results rest on the things as they are now. Reopen the topic to change them.';
