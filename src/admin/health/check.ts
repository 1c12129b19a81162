import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import type { Redis } from '../../redis.js';

/** How something is: fine, worth a look, or broken. */
export type State = 'fine' | 'look' | 'broken';

/** What was found about one part of the site. */
export interface Finding {
  state: State;
  /** Short sentences. */
  finding: string;
  /** What to do, in one sentence; empty when it is fine. */
  advice: string;
}

/** A part of the site that was checked. */
export interface Check extends Finding {
  name: string;
}

/** What the checks look at. */
export interface HealthSources {
  config: Config;
  /** The database, or why it can't be opened. */
  db: Database | Error;
  /** Redis, or why it can't be opened; undefined for a site without it. */
  redis: Redis | Error | undefined;
  /** A request to the site; undefined for a command. */
  request?: SeenRequest;
}

/** What a request tells of the proxies in front of the site. */
export interface SeenRequest {
  /** The header `X-Forwarded-For`. */
  forwardedFor: string | undefined;
  /** The address that the site takes it to come from. */
  address: string;
}

/** Makes a finding that is fine. */
export const fine = (finding: string): Finding => ({ state: 'fine', finding, advice: '' });

/** Makes a finding that is worth a look, and says what to do. */
export const look = (finding: string, advice: string): Finding => ({ state: 'look', finding, advice });

/** Makes a finding of something broken, and says what to do. */
export const broken = (finding: string, advice: string): Finding => ({ state: 'broken', finding, advice });
