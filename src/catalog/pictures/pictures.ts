import { createHmac } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { parseUploaded, uploadedPicture, widthsOf } from '../../http/picture-sources.js';
import { TemporaryProblem } from '../../http/problem.js';
import type { DecodedPicture } from './decode.js';
import { Decoder } from './decoder.js';
import { describeProblem } from './problems.js';
import { insertPicture, storePicture } from './store-picture.js';

/** A picture that is stored, or a sentence about what is wrong with the file. */
export type SavedPicture = { picture: string; isNew: boolean } | { problem: string };

/** Files that this process holds in memory at a time. Others wait, and their senders with them. */
const MAX_AT_ONCE = 16;
const ARRIVES_WITHIN_MS = 120_000;
const CACHE_BYTES = 32 * 1024 * 1024;

/** The pictures that people upload: takes them in, keeps them in Postgres, and hands them out. */
export class Pictures {
  readonly #db: Database;
  readonly #config: Pick<Config, 'maxPictureMb' | 'maxTopicMb' | 'secrets'>;
  readonly #decoder: Decoder;
  readonly #waiting: (() => void)[] = [];
  #active = 0;
  /** Many people see a new thing at the same time, so requests for one file share one query. */
  readonly #files = new LRUCache<string, Buffer>({
    maxSize: CACHE_BYTES,
    sizeCalculation: (body) => body.length,
    fetchMethod: (key) => this.#readFile(key),
  });

  constructor({
    db,
    config,
    log,
  }: {
    db: Database;
    config: Pick<Config, 'maxPictureMb' | 'maxTopicMb' | 'secrets'>;
    log: Logger;
  }) {
    this.#db = db;
    this.#config = config;
    this.#decoder = new Decoder(log);
  }

  /** The most bytes of a file. */
  get maxBytes(): number {
    return this.#config.maxPictureMb * 1024 * 1024;
  }

  /**
   * Reads a file, decodes it, and stores it for a topic. A thing shows it when its `picture` is the returned text. A
   * picture that no thing shows is removed after a day.
   * @param file is read to its end, whatever is wrong with it
   * @throws Problem 503 when the file takes too long to arrive; what the stream throws when its sender goes away
   */
  save(topicId: number, file: Readable): Promise<SavedPicture> {
    return this.#decodeAnd(file, (decoded) => this.#store(topicId, decoded));
  }

  /**
   * Reads a file, decodes it, and stores it for the site itself, as its logo.
   * @param file is read to its end, whatever is wrong with it
   */
  saveForSite(file: Readable): Promise<SavedPicture> {
    return this.#decodeAnd(file, async (decoded) => {
      const hash = this.#hash(decoded);
      const isNew = await this.#db.transaction().execute((trx) => insertPicture(trx, hash, decoded));
      return { picture: uploadedPicture(hash, decoded), isNew };
    });
  }

  /** Finds one file of an uploaded picture; undefined when there is none. */
  async find(hash: string, width: number): Promise<Buffer | undefined> {
    return this.#files.fetch(`${hash}-${width}`);
  }

  /** Draws a thing's uploaded picture as PNG, in its smallest size; undefined when it is not there or can't be read. */
  async drawPng(picture: string): Promise<Uint8Array | undefined> {
    const uploaded = parseUploaded(picture);
    if (!uploaded) return undefined;
    const body = await this.find(uploaded.hash, widthsOf(uploaded.width)[0] ?? 0);
    return body && this.#decoder.png(body);
  }

  async #decodeAnd(
    file: Readable,
    store: (decoded: DecodedPicture) => Promise<SavedPicture>,
  ): Promise<SavedPicture> {
    await this.#begin();
    try {
      const bytes = await readBytes(file, this.maxBytes);
      const decoded = bytes ? await this.#decoder.decode(bytes) : ({ problem: 'large' } as const);
      if ('problem' in decoded) return { problem: describeProblem(decoded.problem, this.#config) };
      return await store(decoded);
    } finally {
      this.#end();
    }
  }

  async #store(topicId: number, decoded: DecodedPicture): Promise<SavedPicture> {
    const hash = this.#hash(decoded);
    const maxBytes = this.#config.maxTopicMb * 1024 * 1024;
    const stored = await storePicture(this.#db, { topicId, hash, decoded, maxBytes });
    if (stored === 'full') return { problem: describeProblem('full', this.#config) };
    return { picture: uploadedPicture(hash, decoded), isNew: stored === 'new' };
  }

  // Keyed, so that nobody who has a picture can find out whether it is in a topic that they may not see.
  #hash({ sizes }: DecodedPicture): string {
    const hash = createHmac('sha256', this.#config.secrets[0]).update('thinga picture\n');
    return hash.update(sizes.at(-1)?.body ?? '').digest('hex');
  }

  async #readFile(key: string): Promise<Buffer | undefined> {
    const [hash = '', width = ''] = key.split('-');
    const row = await this.#db
      .selectFrom('pictureSizes')
      .where('hash', '=', hash)
      .where('width', '=', Number(width))
      .select('body')
      .executeTakeFirst();
    return row && Buffer.from(row.body);
  }

  async #begin(): Promise<void> {
    if (this.#active >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#active++;
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#active--;
  }
}

/** Reads a file into memory; undefined when it is larger than allowed. */
async function readBytes(file: Readable, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(AbortSignal.timeout(ARRIVES_WITHIN_MS), file)) {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
    }
  } catch (error) {
    throw error instanceof Error && error.name === 'AbortError' ? tooSlow() : error;
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks);
}

const tooSlow = (): TemporaryProblem =>
  new TemporaryProblem({
    status: 503,
    title: 'The picture took too long to arrive',
    message: 'Check your connection and try again, or send fewer pictures at once.',
    retryAfter: 5,
  });
