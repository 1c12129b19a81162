import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { root } from '../../src/config.js';

// What only the process itself knows of its memory, it says as it ends.
const SAY_MEMORY = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => process.stderr.write("maxRSS " + process.resourceUsage().maxRSS))',
)}`;

/**
 * Runs a command of the built program in a process of its own, and fails unless it does what it should.
 * @param args what stands after `npm run`
 * @param env names the database
 * @returns what it said, how long it took, and how much memory it had at most
 */
export async function runCommand(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ said: string; seconds: number; megabytes: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', SAY_MEMORY, 'dist/src/cli.js', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, failed, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  expect([code, failed]).toEqual([0, expect.stringMatching(/^maxRSS \d+$/)]);
  const megabytes = Math.round(Number(failed.replace(/\D+/, '')) / 1024);
  return { said, seconds: (performance.now() - began) / 1_000, megabytes };
}
