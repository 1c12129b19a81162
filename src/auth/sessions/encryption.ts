import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** The text in Redis was not encrypted by this site, or was changed afterwards. */
export class DecryptionError extends Error {}

/** Turns session state into encrypted text and back, in the form that connect-redis asks for. */
interface EncryptedSerializer {
  stringify(state: object): string;
  /** @throws DecryptionError for text that was cut, changed or encrypted with a secret that was removed */
  parse(text: string): object;
}

/**
 * Creates a serializer that encrypts session state, so that access to Redis is not enough to read or change
 * it: AES-256-GCM (NIST SP 800-38D) with a key derived from the newest secret (HKDF, RFC 5869). It also
 * decrypts text that was encrypted with an older secret.
 * @param secrets newest first
 */
export function createEncryptedSerializer(secrets: [string, ...string[]]): EncryptedSerializer {
  const keys = secrets.map((secret) =>
    Buffer.from(hkdfSync('sha256', secret, '', 'thinga session state 1', 32)),
  );
  const [newestKey = Buffer.alloc(0)] = keys;
  return {
    stringify(state) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', newestKey, nonce);
      const ciphertext = Buffer.concat([cipher.update(JSON.stringify(state)), cipher.final()]);
      return `1.${Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64url')}`;
    },
    parse(text) {
      const encrypted = Buffer.from(text.replace(/^1\./, ''), 'base64url');
      if (text.startsWith('1.') && encrypted.length > 28)
        for (const key of keys) {
          const state = decrypt(key, encrypted);
          if (state) return state;
        }
      throw new DecryptionError('session state could not be decrypted');
    },
  };
}

function decrypt(key: Buffer, encrypted: Buffer): object | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, encrypted.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(encrypted.subarray(12, 28));
  try {
    const text = Buffer.concat([decipher.update(encrypted.subarray(28)), decipher.final()]).toString();
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
