import { inject, vi } from 'vitest';
import { adminCommand } from '../../../src/admin/commands/admin-command.js';
import type { Site } from '../../site.js';

/** Runs `admin` on a site with the words of a line. */
export const runAdmin = (site: Site, line: string, redisUrl = inject('redis')): Promise<void> =>
  adminCommand(line.split(' '))({ db: site.db, config: { ...site.config, redisUrl }, prefix: site.prefix });

/** Runs `admin`, and returns what it prints. */
export async function printed(site: Site, line: string): Promise<string> {
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined);
  try {
    await runAdmin(site, line);
    return info.mock.calls.join('\n');
  } finally {
    info.mockRestore();
  }
}
