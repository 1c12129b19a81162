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

// Half a second together: with the 0.3 s for Redis, a page that needs neither goes on within a second.
const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 150;
const PROBE_MS = 300;

/**
 * Tells a server that is slow from one that is gone. Packets can be dropped without any error: a firewall forgets a
 * connection, a machine freezes, a cable is cut. TCP would wait for a quarter of an hour.
 *
 * A connection that brings nothing for 0.15 s while somebody waits for it is suspect. The detector then opens a
 * connection of its own. When no byte comes back on that, the server is away: all connections are thrown away, and
 * what needs one fails at once until the server answers again. When the server does answer, it says which of the
 * suspects it works for; the others are thrown away alone.
 */
export class SilenceDetector {
  readonly #openProbe: () => pg.Client;
  readonly #longest: number;
  readonly #waits = new Set<Wait>();
  readonly #clients = new Set<pg.Client>();
  readonly #timer: NodeJS.Timeout;
  #isAsking = false;
  #isAway = false;

  /**
   * @param openProbe makes a client that is not connected yet, and that waits for nothing longer than some seconds
   * @param longest milliseconds after which a connection is thrown away even when the server says that it works
   */
  constructor(openProbe: () => pg.Client, longest: number) {
    this.#openProbe = openProbe;
    this.#longest = longest;
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
    const wait = { client, began, heard: began, bytes: bytesFrom(client), patience: PATIENCE_MS, giveUp };
    this.#waits.add(wait);
    return wait;
  }

  /** Notes that the wait is over. @returns false when it had been given up */
  end(wait: Wait): boolean {
    return this.#waits.delete(wait);
  }

  /** Ends the watch. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#isAsking) return;
    const now = performance.now();
    for (const wait of this.#waits) if (now - wait.began > this.#longest) drop(wait.client);
    const suspects = [...this.#waits].filter((wait) => isSuspect(wait, now));
    if (suspects.length === 0 && !this.#isAway) return;
    this.#isAsking = true;
    this.#ask(suspects).finally(() => {
      this.#isAsking = false;
    });
  }

  async #ask(suspects: Wait[]): Promise<void> {
    const probe = this.#openProbe();
    probe.on('error', () => undefined);
    const connected = probe.connect().then(
      () => true,
      (error: unknown) => error instanceof pg.DatabaseError,
    );
    try {
      this.#isAway = !(await answers(probe, connected));
      if (this.#isAway) this.#throwAllAway();
      else if (suspects.length > 0 && (await connected)) await this.#throwDeadAway(probe, suspects);
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
    const asked = suspects.filter(({ client }) => client !== undefined);
    const { rows } = await probe.query<{ pid: number }>(
      "select pid from pg_stat_activity where pid = any($1) and state = 'active'",
      [asked.map(({ client }) => processOf(client))],
    );
    const working = new Set(rows.map(({ pid }) => pid));
    // An answer that is already here is read first.
    await turn();
    for (const wait of asked) {
      const hasBrought = !this.#waits.has(wait) || bytesFrom(wait.client) > wait.bytes;
      if (!hasBrought && !working.has(processOf(wait.client))) drop(wait.client);
    }
  }
}

function isSuspect(wait: Wait, now: number): boolean {
  const bytes = bytesFrom(wait.client);
  if (bytes !== wait.bytes) Object.assign(wait, { bytes, heard: now });
  return now - wait.heard > wait.patience;
}

// The first byte will do: a far server takes several round trips until a connection is ready.
async function answers(probe: pg.Client, connected: Promise<boolean>): Promise<boolean> {
  const heard = async (): Promise<boolean> => {
    await sleep(PROBE_MS);
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
