import { createHash, createHmac, randomBytes } from 'node:crypto';

/**
 * The tokens of personal links and of links that give a role. The database knows only their hashes. All tokens that
 * are made together come from one seed, which only the browser of the one who made them keeps, for some minutes.
 */
export const newSeed = (): string => randomBytes(24).toString('base64url');

/** Whether a text can be a seed. */
export const isSeed = (text: string | undefined): text is string => /^[\w-]{32}$/.test(text ?? '');

/**
 * Makes the token of a row from a seed: 132 bits, as 22 letters, digits, hyphens and underscores.
 * @param row names the row, such as `invitation 7`
 */
export const tokenOf = (seed: string, row: string): string =>
  createHmac('sha256', seed).update(row).digest('base64url').slice(0, 22);

/** The hash by which the database finds a token, 64 hex characters. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');
