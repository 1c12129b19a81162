import type { Logger } from 'pino';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import type { Network } from '../../http/network.js';
import { consume, countAttempt, createLimiter } from '../../http/rate-limiter.js';
import type { SendMail } from '../../mailer.js';
import type { Redis } from '../../redis.js';
import type { SiteSettings } from '../../site/site-settings.js';
import { newSeed } from '../../tokens.js';
import { recordResetLink, resetUrlOf } from '../recovery/reset-link.js';
import type { Client } from '../sessions/client.js';
import { isUsername, usernameKey } from '../users/usernames.js';
import { CONFIRM_HOURS, findAddress } from './addresses.js';

const RESET_HOURS = 1;
const MAILS_PER_ACCOUNT = 5;

interface Options {
  db: Database;
  config: Config;
  settings: SiteSettings;
  redis: Redis | undefined;
  /** Begins the keys in Redis. */
  prefix: string;
  send: SendMail;
  log: Logger;
}

/** The mails about an account. Only a site with a mail server has one of these. */
export class AccountMail {
  readonly #options: Options;
  readonly #perNetwork: RateLimiterAbstract;
  readonly #perAccount: RateLimiterAbstract;

  constructor(options: Options) {
    const { redis, prefix } = options;
    this.#options = options;
    this.#perNetwork = createLimiter(redis, prefix, { name: 'mail-networks', points: 20, duration: 3600 });
    this.#perAccount = createLimiter(redis, prefix, {
      ...{ name: 'mail-accounts', points: MAILS_PER_ACCOUNT, duration: 3600 },
    });
  }

  /** Counts a mail that somebody asks for. @throws Problem 429 when their network asks for many */
  async countRequest({ key, factor }: Network): Promise<void> {
    await consume(this.#perNetwork, key, factor);
  }

  /** Sends the link that confirms an address. */
  sendConfirmation(address: string, token: string): void {
    const link = `${this.#options.config.publicOrigin}/email/confirm/${token}`;
    this.#send(address, 'Confirm your e-mail address', [
      `Open this link within ${CONFIRM_HOURS} hours to confirm your address:`,
      link,
      'If you did not ask for this, ignore this mail.',
    ]);
  }

  /**
   * Sends a link for a new password to the confirmed address of an account, if there is one. It works aside, so that the
   * response time tells nothing.
   */
  sendResetLink(username: string, client: Client): void {
    this.#aside(async () => {
      const { db, config } = this.#options;
      const user = await findByName(db, username.trim());
      const address = user && (await this.#confirmedAddressOf(user.id));
      if (!address || (await countAttempt(this.#perAccount, String(user.id))) > MAILS_PER_ACCOUNT) return;
      const event = { kind: 'reset-mailed', client } as const;
      const token = newSeed();
      await db
        .transaction()
        .execute((trx) => recordResetLink(trx, { userId: user.id, token, hours: RESET_HOURS, event }));
      this.#send(address, `A new password for ${this.#siteName}`, [
        `Open this link within an hour to choose a new password for ${user.username}:`,
        resetUrlOf(config, token),
        'If you did not ask for this, ignore this mail. Your password stays as it is.',
      ]);
    });
  }

  /** Tells the owner of an account that somebody logged in on a device that was not known. */
  noticeNewDevice(userId: number, { device, address: from }: Client): void {
    this.#aside(async () => {
      const address = await this.#confirmedAddressOf(userId);
      if (!address) return;
      this.#send(address, 'A log-in on a new device', [
        `Somebody logged in to your account with ${device}, from ${from}. If that was you, there is nothing to do.`,
        'If not, choose a new password. This also logs out all other devices:',
        `${this.#options.config.publicOrigin}/profile/password`,
      ]);
    });
  }

  async #confirmedAddressOf(userId: number): Promise<string | undefined> {
    const found = await findAddress(this.#options.db, userId);
    return found?.confirmedAt ? found.address : undefined;
  }

  get #siteName(): string {
    return this.#options.settings.current.name;
  }

  #send(to: string, subject: string, paragraphs: string[]): void {
    this.#options.send({ from: this.#siteName, to, subject, text: `${paragraphs.join('\n\n')}\n` });
  }

  #aside(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#options.log.error({ err: error }, 'a mail could not be made'));
  }
}

async function findByName(db: Database, name: string): Promise<{ id: number; username: string } | undefined> {
  if (!isUsername(name)) return undefined;
  return db
    .selectFrom('users')
    .where('usernameKey', '=', usernameKey(name))
    .where('disabledAt', 'is', null)
    .select(['id', 'username'])
    .executeTakeFirst();
}
