import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { root } from '../src/config.js';

/** The built site, running in a process of its own. */
export interface SiteProcess {
  child: ChildProcess;
  /** What it has written so far. */
  said(): string;
  /** Waits until it has written this. @throws Error when it ends before that */
  until(text: string): Promise<void>;
}

const running = new Set<ChildProcess>();

/**
 * Starts the built site as `npm start` does, or its ranker as `npm run ranker` does.
 * @param folder where it is installed
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

/** Remembers a process for as long as it runs, so that `killProcesses` kills it. */
export function track(child: ChildProcess): void {
  running.add(child);
  child.on('exit', () => running.delete(child));
}

/** Kills what is still running of the processes that were started. */
export function killProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
