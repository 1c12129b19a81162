import { createHmac, hkdfSync, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Strategy } from '../schema.js';

/** An offer to answer one pair once. A vote counts only for the pair that was offered to that voter. */
export interface Ballot {
  id: string;
  topicId: number;
  leftId: number;
  rightId: number;
  /** `NEW_GUEST` for a guest who has not voted yet. */
  voterId: number;
  /** Whether it was made for a guest. */
  isGuest: boolean;
  strategy: Exclude<Strategy, 'import'>;
  /** Seconds since 1970. */
  expires: number;
}

/** How long a ballot is valid, in seconds. */
export const BALLOT_LIFETIME = 24 * 3600;

/** Makes a signed ballot for a pair, to send with the form. */
export function signBallot(
  offer: Omit<Ballot, 'id' | 'expires'>,
  secret: string,
  { id = randomUUID() as string, expires = now() + BALLOT_LIFETIME } = {},
): string {
  const { topicId, leftId, rightId, voterId, isGuest, strategy } = offer;
  const parts: Parts = [id, topicId, leftId, rightId, voterId, isGuest ? 1 : 0, strategy, expires];
  const text = Buffer.from(JSON.stringify(parts)).toString('base64url');
  return `${text}.${sign(text, secret)}`;
}

/**
 * Reads a signed ballot.
 * @param secrets newest first; ballots that were signed before a rotation still count
 * @returns the ballot; 'forged' when this site did not sign it or it is damaged; 'expired' when it is too old
 */
export function readBallot(signed: string, secrets: string[]): Ballot | 'forged' | 'expired' {
  const [text = '', signature = '', ...rest] = signed.split('.');
  const isGenuine = rest.length === 0 && secrets.some((secret) => isEqual(sign(text, secret), signature));
  if (!isGenuine) return 'forged';
  const parts = JSON.parse(Buffer.from(text, 'base64url').toString()) as Parts;
  const [id, topicId, leftId, rightId, voterId, isGuest, strategy, expires] = parts;
  if (expires < now()) return 'expired';
  return { id, topicId, leftId, rightId, voterId, isGuest: isGuest === 1, strategy, expires };
}

type Parts = [string, number, number, number, number, 0 | 1, Ballot['strategy'], number];

// Ballots have their own key (RFC 5869), so that nothing else this site signs can pass for a ballot.
function sign(text: string, secret: string): string {
  let key = keys.get(secret);
  if (!key) {
    key = Buffer.from(hkdfSync('sha256', secret, '', 'thinga ballot 2', 32));
    keys.set(secret, key);
  }
  return createHmac('sha256', key).update(text).digest('base64url');
}

const keys = new Map<string, Buffer>();

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
