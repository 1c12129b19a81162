import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Config } from '../config.js';

/**
 * Warns once when requests come through a proxy that the settings do not name. All visitors then seem to have
 * the proxy's address.
 */
export function warnOfProxy({ trustProxy }: Pick<Config, 'trustProxy'>, log: Logger): RequestHandler {
  let isArmed = trustProxy === 0;
  return (req, _res, next) => {
    const header = ['X-Forwarded-For', 'Forwarded'].find((name) => req.get(name) !== undefined);
    if (isArmed && header) {
      isArmed = false;
      log.warn(
        `Requests come with ${header}, as from a proxy, but TRUST_PROXY names none: everyone seems to have the ` +
          'same address. Set TRUST_PROXY to the number of proxies in front.',
      );
    }
    next();
  };
}
