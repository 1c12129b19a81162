// Runs the fuzzer: npm run fuzz -- --requests=1000000 --seed=7 --minutes=60
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '60' },
    'stall-ms': { type: 'string', default: '50' },
  },
});
for (const [name, text] of Object.entries(values))
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} is "${text}", not a whole number above 0.`);
process.env.FUZZ = JSON.stringify({
  requests: Number(values.requests),
  seed: Number(values.seed),
  minutes: Number(values.minutes),
  stallMs: Number(values['stall-ms']),
});
const vitest = await startVitest('test', [], { config: 'vitest.fuzz.config.ts', watch: false });
await vitest.close();
