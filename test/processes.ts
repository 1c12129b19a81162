import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { root } from '../src/config.js';

/** The built site in a process of its own. */
export interface SiteProcess {
  child: ChildProcess;
  /** Returns its output so far. */
  said(): string;
  /** Waits until its output contains a text. @throws Error when the process ends before that */
  until(text: string): Promise<void>;
}

const running = new Set<ChildProcess>();

/**
 * Starts the built site as `npm start` does, or its ranker as `npm run ranker` does.
 * @param options `folder` is where the site is installed
 */
export function startProcess(
  env: Record<string, string>,
  { folder = root, program = 'server' }: { folder?: string | undefined; program?: 'server' | 'ranker' } = {},
): SiteProcess {
  const child = spawn(process.execPath, [`dist/src/${program}.js`], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
  });
  track(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  return {
    child,
    said: () => output,
    async until(text) {
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** Registers a process, so that `killProcesses` kills it if it still runs. */
export function track(child: ChildProcess): void {
  running.add(child);
  child.on('exit', () => running.delete(child));
}

/** Kills the started processes that still run. */
export function killProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Returns a free port. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
