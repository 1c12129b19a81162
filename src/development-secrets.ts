import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a site outside production makes up for itself. */
interface DevelopmentSecrets {
  sessionSecret: string;
  /** Password of the log-in that the seed makes. */
  demoPassword: string;
}

/**
 * The secrets of a site outside production: made at the first start, and read again at each later one.
 * A restart then logs nobody out, and the printed log-in still works.
 * @param dataDir where `development.json` lies; made when it is missing
 * @throws Error saying which file to remove, when the file can't be read
 */
export function developmentSecrets(dataDir: string): DevelopmentSecrets {
  const file = join(dataDir, 'development.json');
  if (existsSync(file)) return read(file);
  const secrets = {
    sessionSecret: randomBytes(36).toString('base64url'),
    demoPassword: randomBytes(9).toString('base64url'),
  };
  mkdirSync(dataDir, { recursive: true });
  // Renamed when complete: a start that is cut short leaves no half file behind.
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
  return secrets;
}

function read(file: string): DevelopmentSecrets {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DevelopmentSecrets;
  } catch {
    throw new Error(`${file} can't be read: remove it, and a new secret is made (everyone is logged out).`);
  }
}
