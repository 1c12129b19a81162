import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What Redis held was not written by this site, or not for this session. */
export class DecryptionError extends Error {}

/** Turns session state into text for Redis and back; the form that connect-redis asks for. */
export interface Seal {
  stringify(state: object): string;
  /** @throws DecryptionError for text that was cut, changed or sealed with a secret that is gone */
  parse(text: string): object;
}

/**
 * Seals session state, so that Redis neither reads nor changes it: AES-256-GCM (NIST SP 800-38D) under a key
 * derived from the newest secret (HKDF, RFC 5869); what an older secret sealed still opens.
 * @param secrets newest first
 */
export function createEncryption(secrets: [string, ...string[]]): Seal {
  const keys = secrets.map((secret) =>
    Buffer.from(hkdfSync('sha256', secret, '', 'thinga session state 1', 32)),
  );
  const [newest = Buffer.alloc(0)] = keys;
  return {
    stringify(state) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', newest, nonce);
      const text = Buffer.concat([cipher.update(JSON.stringify(state)), cipher.final()]);
      return `1.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
    },
    parse(text) {
      const sealed = Buffer.from(text.replace(/^1\./, ''), 'base64url');
      if (text.startsWith('1.') && sealed.length > 28)
        for (const key of keys) {
          const state = open(key, sealed);
          if (state) return state;
        }
      throw new DecryptionError('session state whose seal is broken');
    },
  };
}

function open(key: Buffer, sealed: Buffer): object | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(12, 28));
  try {
    return JSON.parse(
      Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString(),
    ) as object;
  } catch {
    return undefined;
  }
}
