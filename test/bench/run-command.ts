import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { root } from '../../src/config.js';

// Only the process itself knows its peak memory, so it prints that when it ends.
const PRINT_MEMORY = `data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => process.stderr.write("maxRSS " + process.resourceUsage().maxRSS))',
)}`;

/**
 * Runs a command of the built program in a process of its own, and expects that it succeeds.
 * @param args the command line after `npm run`
 * @param env the environment, which names the database
 * @returns its output, its duration and its peak memory
 */
export async function runCommand(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ output: string; seconds: number; megabytes: number }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', PRINT_MEMORY, 'dist/src/cli.js', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  expect([code, errors]).toEqual([0, expect.stringMatching(/^maxRSS \d+$/)]);
  const megabytes = Math.round(Number(errors.replace(/\D+/, '')) / 1024);
  return { output, seconds: (performance.now() - startedAt) / 1_000, megabytes };
}
