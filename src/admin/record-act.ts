import type { Request, Response } from 'express';
import { recordEvent } from '../auth/audit/record-event.js';
import { type Client, readClient } from '../auth/sessions/client.js';
import { userOf } from '../auth/sessions/current-user.js';
import type { Transaction } from '../database.js';

/** An admin who does something. */
export interface AdminActor {
  userId: number;
  sessionId: number;
  client: Client;
}

/** Who does something: an admin, or the operator at the terminal. */
export type Actor = AdminActor | 'operator';

/** The admin who sends a request. */
export function actorOf(req: Request, res: Response): AdminActor {
  return { userId: userOf(res).id, sessionId: res.locals.session?.id ?? 0, client: readClient(req) };
}

/** The id of an admin; null for the operator. */
export const idOfActor = (actor: Actor): number | null => (actor === 'operator' ? null : actor.userId);

/** Something that an admin does. */
interface Act {
  /** Such as `admin-disabled`. */
  kind: string;
  /** What it is done to: `person 7`, `topic 3`. The record names people by their ids, because names can change. */
  about?: string;
  /** What else there is to say, such as the reason, or `person 7` for whom it is. */
  note?: string | undefined;
}

/**
 * Records who did something, in the admin's own chain of events. What a person may know of it goes to their chain as an
 * event of its own, without the device and the address of the admin. An operator's act has only that event.
 */
export async function recordAct(trx: Transaction, actor: Actor, { kind, about, note }: Act): Promise<void> {
  if (actor === 'operator') return;
  const reason = [about, note].filter((part) => part).join(': ');
  await recordEvent(trx, { ...actor, kind, ...(reason && { reason }) });
}
