import {
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type VerifiedRegistrationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import type { Config } from '../../config.js';
import { type Database, violatesConstraint } from '../../database.js';
import type { SiteSettings } from '../../site/site-settings.js';
import { recordEvent } from '../audit/record-event.js';
import { rememberChallenge, useChallenge } from './challenges.js';
import { challengeOf, readAttestation, relyingPartyOf } from './responses.js';

/** Passkeys of one user. */
const MAX_PASSKEYS = 20;
const MAX_NAME = 60;

interface Services {
  db: Database;
  config: Pick<Config, 'publicOrigin'>;
  settings: SiteSettings;
}

/** A user with the session on which they act. */
interface Owner {
  userId: number;
  sessionId: number;
}

/** A passkey, as its owner sees it. */
export interface Passkey {
  id: number;
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

/** Lists a user's passkeys, newest first. */
export function listPasskeys(db: Database, userId: number): Promise<Passkey[]> {
  return db
    .selectFrom('passkeys')
    .where('userId', '=', userId)
    .select(['id', 'name', 'createdAt', 'lastUsedAt'])
    .orderBy('id', 'desc')
    .execute();
}

/** Begins to add a passkey. @returns what the browser needs to make one */
export async function startAdding(
  { db, config, settings }: Services,
  { userId, sessionId }: Owner,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const [user, known] = await Promise.all([
    db
      .selectFrom('users')
      .where('id', '=', userId)
      .select(['username', 'webauthnId'])
      .executeTakeFirstOrThrow(),
    db.selectFrom('passkeys').where('userId', '=', userId).select('credentialId').execute(),
  ]);
  const options = await generateRegistrationOptions({
    rpName: settings.current.name,
    rpID: relyingPartyOf(config).expectedRPID,
    userName: user.username,
    userID: Uint8Array.from(Buffer.from(user.webauthnId.replaceAll('-', ''), 'hex')),
    attestationType: 'none',
    excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
  await rememberChallenge(db, options.challenge, `add ${sessionId}`);
  return options;
}

/**
 * Adds a passkey that the browser has made, and records it.
 * @param added.response the browser's answer as JSON
 * @returns what is wrong, in words; undefined when it was added
 */
export async function addPasskey(
  { db, config }: Services,
  { userId, sessionId }: Owner,
  added: { response: string; name: string; client: Client },
): Promise<string | undefined> {
  const response = readAttestation(added.response);
  if (!response) return 'Now press “Add a passkey” once more. Adding one needs JavaScript.';
  const challenge = challengeOf(response);
  if (!(await useChallenge(db, challenge, `add ${sessionId}`)))
    return 'That took too long. Please try again.';
  const expected = { expectedChallenge: challenge, ...relyingPartyOf(config) };
  const { registrationInfo } = await verifyRegistrationResponse({ response, ...expected }).catch(unverified);
  if (!registrationInfo) return 'This passkey could not be checked. Please try again.';
  const { id: credentialId, publicKey, counter } = registrationInfo.credential;
  try {
    return await db.transaction().execute(async (trx) => {
      await trx.selectFrom('users').where('id', '=', userId).select('id').forNoKeyUpdate().execute();
      if ((await listPasskeys(trx, userId)).length >= MAX_PASSKEYS)
        return `You have ${MAX_PASSKEYS} passkeys. Remove one first.`;
      const key = { credentialId, publicKey: Buffer.from(publicKey), counter };
      const name = nameOf(added.name) || added.client.device.slice(0, MAX_NAME);
      const transports = response.response.transports ?? [];
      await trx
        .insertInto('passkeys')
        .values({ userId, ...key, transports, name })
        .execute();
      await recordEvent(trx, { kind: 'passkey-added', userId, sessionId, client: added.client });
      return undefined;
    });
  } catch (error) {
    if (violatesConstraint(error, 'passkeys_credential_id_key')) return 'This passkey is here already.';
    throw error;
  }
}

/** Renames a passkey of a user. @returns whether it is theirs; an empty name changes nothing */
export async function renamePasskey(
  db: Database,
  userId: number,
  { id, name }: { id: number; name: string },
) {
  const passkeys = db.updateTable('passkeys').where('id', '=', id).where('userId', '=', userId);
  const renamed = nameOf(name) ? { name: nameOf(name) } : { userId };
  return (await passkeys.set(renamed).returning('id').executeTakeFirst()) !== undefined;
}

/** Removes a passkey of a user, and records it. @returns whether it is theirs */
export async function removePasskey(
  db: Database,
  { userId, sessionId }: Owner,
  { id, client }: { id: number; client: Client },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const passkeys = trx.deleteFrom('passkeys').where('id', '=', id).where('userId', '=', userId);
    if (!(await passkeys.returning('id').executeTakeFirst())) return false;
    await recordEvent(trx, { kind: 'passkey-removed', userId, sessionId, client });
    return true;
  });
}

interface Client {
  device: string;
  address: string;
}

const nameOf = (text: string): string =>
  [...text.replace(/\p{Cc}/gu, ' ').trim()].slice(0, MAX_NAME).join('');

const unverified = (): VerifiedRegistrationResponse => ({ verified: false });
