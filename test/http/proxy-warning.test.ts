import { expect, it } from 'vitest';
import type { Config } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { openSite } from '../site.js';

it.each(['X-Forwarded-For', 'Forwarded'])(
  'warns once about a %s header when no proxy is trusted',
  async (header) => {
    const lines = await warningsOf({}, [{}, { [header]: 'for=192.0.2.1' }, { [header]: '192.0.2.2' }, {}]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 40 });
    expect(lines[0]?.msg).toContain(header);
    expect(lines[0]?.msg).toContain('TRUST_PROXY');
  },
);

it('does not warn without a proxy, or with a trusted one', async () => {
  expect(await warningsOf({}, [{}])).toEqual([]);
  const forwarded = [{ 'X-Forwarded-For': '192.0.2.1' }];
  expect(await warningsOf({ trustProxy: 1 }, forwarded)).toEqual([]);
  expect(await warningsOf({ trustProxy: ['loopback'] }, forwarded)).toEqual([]);
});

/** Sends requests to a site, and returns its warnings. */
async function warningsOf(
  settings: Partial<Config>,
  requests: Record<string, string>[],
): Promise<{ level: number; msg: string }[]> {
  const lines: string[] = [];
  const site = await openSite(settings, {
    log: createLog('warn', { write: (line) => void lines.push(line) }),
  });
  for (const headers of requests) expect((await fetch(`${site.origin}/`, { headers })).status).toBe(200);
  await site.close();
  return lines.map((line) => JSON.parse(line) as { level: number; msg: string });
}
