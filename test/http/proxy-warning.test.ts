import { expect, it } from 'vitest';
import type { Config } from '../../src/config.js';
import { createLog } from '../../src/log.js';
import { openSite } from '../site.js';

it.each(['X-Forwarded-For', 'Forwarded'])(
  'warns once when %s comes and no proxy is trusted',
  async (header) => {
    const lines = await warningsOf({}, [{}, { [header]: 'for=192.0.2.1' }, { [header]: '192.0.2.2' }, {}]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 40 });
    expect(lines[0]?.msg).toContain(header);
    expect(lines[0]?.msg).toContain('TRUST_PROXY');
  },
);

it('warns of no proxy where there is none, or one is trusted', async () => {
  expect(await warningsOf({}, [{}])).toEqual([]);
  const forwarded = [{ 'X-Forwarded-For': '192.0.2.1' }];
  expect(await warningsOf({ trustProxy: 1 }, forwarded)).toEqual([]);
  expect(await warningsOf({ trustProxy: ['loopback'] }, forwarded)).toEqual([]);
});

/** The warnings of a site that such requests come to. */
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
