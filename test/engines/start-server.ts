import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { track } from '../processes.js';

/**
 * Starts a server, and waits until it answers.
 * @param options its folder, where it writes what it says to the file `log`
 * @throws Error with the server's output when it ends
 */
export async function startServer(
  answers: () => Promise<boolean>,
  [program = '', ...args]: string[],
  options: SpawnOptions & { cwd: string },
): Promise<ChildProcess> {
  const log = join(options.cwd, 'log');
  const file = openSync(log, 'a');
  // Debian installs some servers outside the PATH of users.
  const env = { PATH: `${process.env.PATH}:/usr/sbin` };
  const child = spawn(program, args, { env, ...options, stdio: ['ignore', file, file] });
  track(child);
  await once(child, 'spawn');
  while (!(await answers())) {
    if (child.exitCode !== null) throw new Error(`${program} does not start: ${readFileSync(log, 'utf8')}`);
    await sleep(20);
  }
  return child;
}

/** The user for servers that refuse to run as root; undefined when these tests don't run as root. */
export function ordinaryUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (option: string): number => Number(execFileSync('id', [option, 'postgres']));
  return { uid: idOf('-u'), gid: idOf('-g') };
}
