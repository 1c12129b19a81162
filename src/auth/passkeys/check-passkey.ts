import {
  generateAuthenticationOptions,
  type PublicKeyCredentialRequestOptionsJSON,
  verifyAuthenticationResponse,
} from '@simplewebauthn/server';
import { sql } from 'kysely';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { recordEvent } from '../audit/record-event.js';
import { rememberChallenge, type Scope, useChallenge } from './challenges.js';
import { type Assertion, challengeOf, readAssertion, relyingPartyOf } from './responses.js';

interface Services {
  db: Database;
  config: Pick<Config, 'publicOrigin'>;
}

/** The owner of a passkey. */
export interface PasskeyOwner {
  userId: number;
  username: string;
  passwordHash: string;
}

/** Asks for a passkey, whosever it is. @returns what the browser needs */
export async function askForPasskey(
  { db, config }: Services,
  scope: Scope,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { expectedRPID: rpID } = relyingPartyOf(config);
  const options = await generateAuthenticationOptions({ rpID, userVerification: 'required' });
  await rememberChallenge(db, options.challenge, scope);
  return options;
}

/**
 * Checks the browser's answer: a passkey of this site, used for this challenge, by somebody whom the device has
 * recognised. It counts the use.
 * @param answer.response the answer as JSON
 * @returns the owner; undefined when the answer is refused
 */
export async function checkPasskey(
  { db, config }: Services,
  { response: text, scope, client }: { response: string; scope: Scope; client: Client },
): Promise<PasskeyOwner | undefined> {
  const response = readAssertion(text);
  if (!response) return undefined;
  const challenge = challengeOf(response);
  const isOpen = await useChallenge(db, challenge, scope);
  const passkey = await findPasskey(db, response);
  if (!passkey) return undefined;
  const { id, userId, username, passwordHash, ...credential } = passkey;
  const newCounter = isOpen ? await verify(config, { response, challenge, credential }) : undefined;
  if (newCounter !== undefined && (await countUse(db, { ...passkey, newCounter })))
    return { userId, username, passwordHash };
  await recordEvent(db, { kind: 'passkey-failed', userId, sessionId: null, client });
  return undefined;
}

interface Client {
  device: string;
  address: string;
}

type Credential = { credentialId: string; publicKey: Buffer; counter: number };

function findPasskey(db: Database, { id, response }: Assertion) {
  // The browser's user handle is the owner's id without hyphens, in base64url.
  const handle = Buffer.from(response.userHandle, 'base64url').toString('hex');
  return db
    .selectFrom('passkeys')
    .innerJoin('users', 'users.id', 'userId')
    .where('credentialId', '=', id)
    .where(sql<string>`replace(webauthn_id::text, '-', '')`, '=', handle)
    .select(['passkeys.id', 'userId', 'username', 'passwordHash', 'credentialId', 'publicKey', 'counter'])
    .executeTakeFirst();
}

/** @returns the authenticator's counter of uses, 0 when it counts none; undefined when the answer is wrong */
async function verify(
  config: Services['config'],
  { response, challenge, credential }: { response: Assertion; challenge: string; credential: Credential },
): Promise<number | undefined> {
  const { credentialId: id, publicKey, counter } = credential;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      ...relyingPartyOf(config),
      credential: { id, publicKey: Uint8Array.from(publicKey), counter },
    });
    return verified ? authenticationInfo.newCounter : undefined;
  } catch {
    // The library throws for every answer that it can't accept.
    return undefined;
  }
}

// Of two answers with the same count, one is from a copy of the passkey.
async function countUse(
  db: Database,
  { id, counter, newCounter }: { id: number; counter: number; newCounter: number },
): Promise<boolean> {
  const used = await db
    .updateTable('passkeys')
    .set({ counter: newCounter, lastUsedAt: sql<Date>`now()` })
    .where('id', '=', id)
    .where('counter', '=', counter)
    .returning('id')
    .executeTakeFirst();
  return used !== undefined;
}
