import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { root } from '../../config.js';
import { yieldToPages } from '../../worker-priority.js';
import type { DecodedPicture, DecodeProblem } from './decode.js';

/** What the process that decodes is asked for: to decode a file, or to turn a stored file into PNG. */
export type DecoderTask = { decode: Uint8Array } | { png: Uint8Array };

/** What it answers. */
export type DecoderAnswer =
  | { decoded: DecodedPicture | { problem: DecodeProblem } }
  | { png: Uint8Array }
  /** It can't work, such as on a machine without sharp. */
  | { failure: string };

/** Why no picture came out: the fault of the file, or of this machine. */
export type DecoderProblem = DecodeProblem | 'slow' | 'unavailable';

const TIME_LIMIT_MS = 30_000;
const IDLE_MS = 30_000;

/**
 * Decodes pictures in one child process, one after the other, at a lower priority than pages. A thread would not do:
 * sharp works in threads of its own, which have no priority. A decoder that hangs or crashes also ends alone. The
 * process starts with the first picture, and ends when there was none for half a minute.
 */
export class Decoder {
  readonly #log: Logger;
  readonly #timeLimitMs: number;
  #child: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(log: Logger, { timeLimitMs = TIME_LIMIT_MS } = {}) {
    this.#log = log;
    this.#timeLimitMs = timeLimitMs;
  }

  /** Decodes a file that somebody sent. */
  async decode(bytes: Uint8Array): Promise<DecodedPicture | { problem: DecoderProblem }> {
    const answer = await this.#ask({ decode: bytes });
    if ('problem' in answer) return answer;
    return 'decoded' in answer ? answer.decoded : { problem: 'unavailable' };
  }

  /** Turns a stored picture into PNG; undefined when this machine can't. */
  async png(body: Uint8Array): Promise<Uint8Array | undefined> {
    const answer = await this.#ask({ png: body });
    return 'png' in answer ? answer.png : undefined;
  }

  #ask(task: DecoderTask): Promise<DecoderAnswer | { problem: DecoderProblem }> {
    const answer = this.#last.then(() => this.#run(task));
    this.#last = answer;
    return answer;
  }

  async #run(task: DecoderTask): Promise<DecoderAnswer | { problem: DecoderProblem }> {
    clearTimeout(this.#idle);
    this.#child ??= this.#start();
    const child = this.#child;
    child.channel?.ref();
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#timeLimitMs);
    const ended = new AbortController();
    try {
      child.send(task, () => undefined);
      const { signal } = ended;
      const answer = await Promise.race([
        once(child, 'message', { signal }).then(([message]) => message as DecoderAnswer),
        once(child, 'exit', { signal }).then(([, killedBy]) => this.#explainEnd(killedBy)),
      ]);
      if ('failure' in answer) this.#log.error({ reason: answer.failure }, 'pictures can’t be read');
      return 'failure' in answer ? { problem: 'unavailable' } : answer;
    } catch (error) {
      this.#log.error({ err: error }, 'the process that reads pictures failed');
      return { problem: 'unavailable' };
    } finally {
      ended.abort();
      clearTimeout(timer);
      child.channel?.unref();
      this.#idle = setTimeout(() => child.connected && child.disconnect(), IDLE_MS).unref();
    }
  }

  #start(): ChildProcess {
    // It reads files of strangers, so it gets no settings and no secrets.
    const child = fork(join(root, 'dist/src/catalog/pictures/decoder-process.js'), {
      ...{ env: {}, execArgv: [], serialization: 'advanced' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // Somebody waits for the result, so it comes before the ranking.
    yieldToPages(child, 5);
    child.unref();
    const forget = (): void => {
      if (this.#child === child) this.#child = undefined;
    };
    child.on('exit', forget).on('disconnect', forget).on('error', forget);
    return child;
  }

  #explainEnd(killedBy: NodeJS.Signals | null): { problem: DecoderProblem } {
    this.#log.warn({ signal: killedBy }, 'the process that reads pictures ended while it read one');
    return { problem: killedBy === 'SIGKILL' ? 'slow' : 'damaged' };
  }
}
