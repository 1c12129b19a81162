import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { type Config, root } from '../../config.js';
import { broken, type Finding, fine, type HealthSources, look } from './check.js';

/** Tells of settings that are right for a trial only. Those that can't be used end the start already. */
export async function checkSettings(config: Config): Promise<Finding> {
  if (config.production && config.rateLimits === false)
    return look('RATE_LIMITS is off.', 'Remove RATE_LIMITS, so that nobody can send any number of requests.');
  if (config.production) return fine('All can be used, and NODE_ENV is production.');
  if (config.publicOrigin.startsWith('https:'))
    return look(
      'PUBLIC_ORIGIN is https, but NODE_ENV is not production.',
      'Set NODE_ENV=production, so that unsafe settings are refused.',
    );
  return fine('All can be used. NODE_ENV is not production.');
}

const GIGABYTE = 1e9;

/** Returns the folder whose disk counts: the one of the settings, or that of the site before there is one. */
export const folderOfDisk = ({ dataDir }: Pick<Config, 'dataDir'>): string =>
  existsSync(dataDir) ? dataDir : root;

/** Tells how much room the disk has on which the site keeps its files. */
export async function checkDisk(config: Config): Promise<Finding> {
  const folder = folderOfDisk(config);
  const { bavail, blocks, bsize } = await statfs(folder);
  const found = findingOfDisk({ free: bavail * bsize, total: blocks * bsize });
  const elsewhere = config.databaseUrl ? ' The disk of Postgres is not seen from here.' : '';
  return { ...found, finding: `${found.finding} at ${folder}.${elsewhere}` };
}

/** Judges how many bytes of a disk are free. The finding has no end yet: the caller says where the disk is. */
export function findingOfDisk({ free, total }: { free: number; total: number }): Finding {
  const finding = `${(free / GIGABYTE).toFixed(1)} of ${(total / GIGABYTE).toFixed(1)} GB are free`;
  if (free < 0.2 * GIGABYTE)
    return broken(finding, 'Make room at once: votes can’t be written to a full disk.');
  if (free < GIGABYTE || free < 0.05 * total) return look(finding, 'Make room, or move to a larger disk.');
  return fine(finding);
}

/** Compares TRUST_PROXY with a request, or with the settings where there is no request. */
export async function checkProxies({ config, request }: HealthSources): Promise<Finding> {
  const { trustProxy, publicOrigin } = config;
  const seen = request?.forwardedFor?.split(',').length ?? 0;
  if (trustProxy === 0) {
    if (seen > 0)
      return look(
        'Requests come through a proxy, but TRUST_PROXY names none: everyone seems to have its address.',
        `Set TRUST_PROXY=${seen} if that is how many proxies are in front.`,
      );
    return publicOrigin.startsWith('https:')
      ? look(
          'PUBLIC_ORIGIN is https, so a proxy must be in front, but TRUST_PROXY names none.',
          'Set TRUST_PROXY to the number of proxies.',
        )
      : fine('None is expected.');
  }
  if (!request) return fine(`TRUST_PROXY is ${trustProxy}. /admin/health compares it with a request.`);
  const comesFrom = `You seem to come from ${request.address}.`;
  if (seen === 0)
    return look(
      `TRUST_PROXY is ${trustProxy}, but this request has no X-Forwarded-For. ${comesFrom}`,
      'Let the proxy send X-Forwarded-For, and let nobody reach the site without the proxy.',
    );
  if (typeof trustProxy === 'number' && seen !== trustProxy)
    return look(
      `TRUST_PROXY is ${trustProxy}, but X-Forwarded-For of this request has ${seen}. ${comesFrom}`,
      `Set TRUST_PROXY=${seen} if that is how many proxies are in front.`,
    );
  return fine(`TRUST_PROXY is ${trustProxy}. ${comesFrom} It should be your own address.`);
}
