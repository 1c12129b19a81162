import type { Socket } from 'node:net';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import pg from 'pg';

/** Postgres does not answer, so nothing that needs it can be done now. */
export class DatabaseAwayError extends Error {
  constructor() {
    super('Postgres does not answer');
  }
}

/** Somebody waits for an answer of the server, or for a connection to it. Times are milliseconds. */
export interface Wait {
  /** The connection that was asked; undefined while there is none. */
  client: pg.Client | undefined;
  began: number;
  /** When the connection last brought something, and how many bytes it had brought by then. */
  heard: number;
  bytes: number;
  /** How long the connection may bring nothing before it is suspect. */
  patience: number;
  giveUp(error: Error): void;
}

/** How long silence is borne. Times are milliseconds. */
export interface Patience {
  /** How long a connection may bring nothing before it is suspect. */
  suspectAfter: number;
  /** How long the server may take to answer a connection that is opened to find out. */
  answerWithin: number;
  /** After how long a connection is thrown away even when the server says that it works. */
  longest: number;
}

const LOOK_EVERY_MS = 50;

/**
 * Tells a server that is slow from one that is gone. Packets can be dropped without any error: a firewall forgets a
 * connection, a machine freezes, a cable is cut. TCP would wait for a quarter of an hour.
 *
 * A connection that brings nothing for a while although somebody waits for it is suspect. The detector then opens a
 * connection of its own. When no byte comes back on that nor on any other, the server is away: all connections are
 * thrown away, and what needs one fails at once until the server answers again. When the server does answer, it says which of the
 * suspects it works for. Those for which it twice does nothing are thrown away alone.
 */
export class SilenceDetector {
  readonly #openProbe: () => pg.Client;
  readonly #patience: Patience;
  readonly #waits = new Set<Wait>();
  readonly #clients = new Set<pg.Client>();
  readonly #timer: NodeJS.Timeout;
  #isAsking = false;
  #isAway = false;
  /** When somebody last got an answer. */
  #heard = 0;

  /**
   * @param openProbe makes a client that is not connected yet, and that waits for nothing longer than some seconds
   */
  constructor(openProbe: () => pg.Client, patience: Patience) {
    this.#openProbe = openProbe;
    this.#patience = patience;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  /** Whether the server was found silent and has not answered since. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Knows a connection from now on, until it ends. */
  add(client: pg.Client): void {
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
  }

  /** Notes that somebody begins to wait. @param giveUp is called when the server is found silent */
  begin(client: pg.Client | undefined, giveUp: (error: Error) => void = () => undefined): Wait {
    const began = performance.now();
    const { suspectAfter } = this.#patience;
    const wait = { client, began, heard: began, bytes: bytesFrom(client), patience: suspectAfter, giveUp };
    this.#waits.add(wait);
    return wait;
  }

  /** Notes that the wait is over. @returns false when it had been given up */
  end(wait: Wait): boolean {
    this.#heard = performance.now();
    return this.#waits.delete(wait);
  }

  /** Ends the watch. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#isAsking) return;
    const now = performance.now();
    for (const wait of this.#waits) if (now - wait.began > this.#patience.longest) drop(wait.client);
    const suspects = [...this.#waits].filter((wait) => isSuspect(wait, now));
    if (suspects.length === 0 && !this.#isAway) return;
    this.#isAsking = true;
    this.#ask(suspects).finally(() => {
      this.#isAsking = false;
    });
  }

  async #ask(suspects: Wait[]): Promise<void> {
    const began = performance.now();
    const probe = this.#openProbe();
    probe.on('error', () => undefined);
    const connected = probe.connect().then(
      () => true,
      (error: unknown) => error instanceof pg.DatabaseError,
    );
    try {
      const hasAnswered = await answers(probe, connected, this.#patience.answerWithin);
      // An answer to somebody else will do. While the server is away nobody asks it anything.
      this.#isAway = !hasAnswered && (this.#isAway || this.#heard < began);
      if (this.#isAway) this.#throwAllAway();
      else if (hasAnswered && suspects.length > 0 && (await connected))
        await this.#throwDeadAway(probe, suspects);
    } catch {
      // It went away meanwhile: the next look finds out.
    } finally {
      drop(probe);
    }
    // Those that are only slow are asked about less and less often.
    for (const wait of suspects) wait.patience *= 2;
  }

  #throwAllAway(): void {
    for (const client of this.#clients) drop(client);
    for (const wait of this.#waits) wait.giveUp(new DatabaseAwayError());
    this.#waits.clear();
  }

  async #throwDeadAway(probe: pg.Client, suspects: Wait[]): Promise<void> {
    const idle = await this.#idleAmong(probe, suspects);
    if (idle.length === 0) return;
    // On a busy machine a statement may still be on its way to the server, or its answer on its way back.
    await sleep(this.#patience.suspectAfter);
    for (const { client } of await this.#idleAmong(probe, idle)) drop(client);
  }

  /** Those that wait for a connection on which the server does nothing. */
  async #idleAmong(probe: pg.Client, waits: Wait[]): Promise<Wait[]> {
    const asked = waits.filter(({ client }) => client !== undefined);
    const { rows } = await probe.query<{ pid: number }>(
      "select pid from pg_stat_activity where pid = any($1) and state = 'active'",
      [asked.map(({ client }) => processOf(client))],
    );
    const working = new Set(rows.map(({ pid }) => pid));
    // An answer that is already here is read first.
    await turn();
    return asked.filter((wait) => {
      const hasBrought = !this.#waits.has(wait) || bytesFrom(wait.client) > wait.bytes;
      return !hasBrought && !working.has(processOf(wait.client));
    });
  }
}

function isSuspect(wait: Wait, now: number): boolean {
  const bytes = bytesFrom(wait.client);
  if (bytes !== wait.bytes) Object.assign(wait, { bytes, heard: now });
  return now - wait.heard > wait.patience;
}

// The first byte will do: a far server takes several round trips until a connection is ready.
async function answers(probe: pg.Client, connected: Promise<boolean>, withinMs: number): Promise<boolean> {
  const heard = async (): Promise<boolean> => {
    await sleep(withinMs);
    await turn();
    return bytesFrom(probe) > 0;
  };
  return Promise.race([connected, heard()]);
}

function drop(client: pg.Client | undefined): void {
  client?.connection.stream.destroy();
}

const bytesFrom = (client: pg.Client | undefined): number =>
  (client?.connection.stream as Socket | undefined)?.bytesRead ?? 0;

const processOf = (client: pg.Client | undefined): number =>
  (client as { processID?: number } | undefined)?.processID ?? 0;
