import type { Socket } from 'node:net';
import { setTimeout as sleep, setImmediate as yieldToEventLoop } from 'node:timers/promises';
import pg from 'pg';
import type { Config } from './config.js';

/** Postgres does not answer, so nothing that needs it can work now. */
export class DatabaseUnavailableError extends Error {
  constructor() {
    super('Postgres does not answer');
  }
}

/** A caller that waits for an answer of the server, or for a connection to it. Times are those of the watchdog's clock. */
interface Wait {
  /** The connection in use; undefined until there is one. */
  client: pg.Client | undefined;
  startedAt: number;
  /** When the connection last received bytes, and how many it had received by then. */
  receivedAt: number;
  bytesReceived: number;
  /** How long the connection may receive nothing before it is suspect. */
  suspectAfter: number;
  giveUp(error: Error): void;
}

/** Timeouts in milliseconds. */
export interface WatchdogTimeouts {
  /** How long a connection may receive nothing before it is suspect. */
  suspectAfter: number;
  /** How long the server may take to answer the watchdog's own connection. */
  answerWithin: number;
  /**
   * How long a caller waits at most. After that its connection is dropped, even while the server works on it.
   */
  maxWait: number;
}

const CHECK_INTERVAL_MS = 50;
// A timer that fires later than this tells that the process itself had no time.
const LONGEST_TICK_MS = 2 * CHECK_INTERVAL_MS;

/**
 * Tells a slow Postgres server from one that is gone. Packets can be lost without an error: a firewall
 * forgets a connection, a machine freezes, a cable is cut. TCP would wait for a quarter of an hour.
 *
 * A connection is suspect when a caller waits for it and it receives nothing for a while. The watchdog then
 * opens a connection of its own, the probe. When neither the probe nor any other connection receives a byte,
 * the server is unavailable. All connections are dropped, and queries fail at once until the server answers
 * again. When the server does answer, it says which suspects it works for. A connection is dropped alone when
 * the server is idle on it twice.
 *
 * While this process is too busy to read answers, the server is not silent. So the watchdog's clock, in milliseconds,
 * stands still meanwhile.
 *
 * A pooler in between also answers when Postgres does not, so there the probe has to get an answer to a
 * statement. With transaction pooling nobody can tell which connection Postgres works for. None is dropped
 * alone, until its caller has waited for too long.
 */
export class PostgresWatchdog {
  readonly #createProbe: () => pg.Client;
  readonly #timeouts: WatchdogTimeouts;
  readonly #pooler: Config['databasePooler'];
  readonly #waits = new Set<Wait>();
  readonly #clients = new Set<pg.Client>();
  readonly #processIds = new WeakMap<pg.Client, number>();
  readonly #timer: NodeJS.Timeout;
  #isProbing = false;
  #isUnavailable = false;
  #clock = 0;
  #tickedAt = performance.now();
  /** When any caller last got an answer, by the clock of the process. */
  #answeredAt = 0;

  /**
   * @param createProbe creates a client that is not connected yet, and that gives up after a few seconds
   */
  constructor(createProbe: () => pg.Client, timeouts: WatchdogTimeouts, pooler: Config['databasePooler']) {
    this.#createProbe = createProbe;
    this.#pooler = pooler;
    this.#timeouts = timeouts;
    this.#timer = setInterval(() => {
      this.#tick();
      this.#check();
    }, CHECK_INTERVAL_MS).unref();
  }

  /** Whether the server did not answer, and has not answered since. */
  get isUnavailable(): boolean {
    return this.#isUnavailable;
  }

  /** Watches a connection until it ends. */
  add(client: pg.Client): void {
    this.#clients.add(client);
    client.once('end', () => this.#clients.delete(client));
  }

  /** Tells which process of Postgres serves a connection. Without a pooler the connection knows it itself. */
  setProcessId(client: pg.Client, processId: number): void {
    this.#processIds.set(client, processId);
  }

  /** Records that a caller starts to wait. @param giveUp is called when the server is unavailable */
  begin(client: pg.Client | undefined, giveUp: (error: Error) => void = () => undefined): Wait {
    const startedAt = this.#clock;
    const wait: Wait = {
      client,
      startedAt,
      receivedAt: startedAt,
      bytesReceived: bytesReceivedBy(client),
      suspectAfter: this.#timeouts.suspectAfter,
      giveUp,
    };
    this.#waits.add(wait);
    return wait;
  }

  /** Records that a wait is over. @returns false when it had been given up */
  end(wait: Wait): boolean {
    this.#answeredAt = performance.now();
    return this.#waits.delete(wait);
  }

  /** Stops watching. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    this.#clock += Math.min(now - this.#tickedAt, LONGEST_TICK_MS);
    this.#tickedAt = now;
  }

  #check(): void {
    if (this.#isProbing) return;
    const now = this.#clock;
    for (const wait of this.#waits) if (now - wait.startedAt > this.#timeouts.maxWait) drop(wait.client);
    const suspects = [...this.#waits].filter((wait) => isSuspect(wait, now));
    if (suspects.length === 0 && !this.#isUnavailable) return;
    this.#isProbing = true;
    this.#probe(suspects).finally(() => {
      this.#isProbing = false;
    });
  }

  async #probe(suspects: Wait[]): Promise<void> {
    const startedAt = performance.now();
    const probe = this.#createProbe();
    probe.on('error', () => undefined);
    const connected = this.#connect(probe);
    try {
      const hasAnswered = await Promise.race([connected, this.#hasReceived(probe)]);
      // An answer to another caller counts too. While the server is unavailable there are no other callers.
      this.#isUnavailable = !hasAnswered && (this.#isUnavailable || this.#answeredAt < startedAt);
      if (this.#isUnavailable) this.#dropAll();
      else if (hasAnswered && suspects.length > 0 && this.#pooler !== 'transaction' && (await connected))
        await this.#dropDead(probe, suspects);
    } catch {
      // The server went away during the probe. The next check finds out.
    } finally {
      drop(probe);
    }
    // A slow query is probed less and less often.
    for (const wait of suspects) wait.suspectAfter *= 2;
  }

  /** @returns whether the server has answered, even if only with an error */
  #connect(probe: pg.Client): Promise<boolean> {
    if (this.#pooler === 'none')
      return probe.connect().then(
        () => true,
        (error: unknown) => error instanceof pg.DatabaseError,
      );
    // An error may be the pooler's own, because it can't reach Postgres.
    return probe
      .connect()
      .then(() => probe.query('select 1'))
      .then(
        () => true,
        () => false,
      );
  }

  // The first byte counts as an answer: with a distant server a connection takes several round trips.
  async #hasReceived(probe: pg.Client): Promise<boolean> {
    // A pause of this process makes one of these sleeps longer, and the others still follow.
    for (let waited = 0; waited < this.#timeouts.answerWithin; waited += CHECK_INTERVAL_MS)
      await sleep(CHECK_INTERVAL_MS);
    await yieldToEventLoop();
    return this.#pooler === 'none' && bytesReceivedBy(probe) > 0;
  }

  #dropAll(): void {
    for (const client of this.#clients) drop(client);
    for (const wait of this.#waits) wait.giveUp(new DatabaseUnavailableError());
    this.#waits.clear();
  }

  async #dropDead(probe: pg.Client, suspects: Wait[]): Promise<void> {
    const idle = await this.#findIdle(probe, suspects);
    if (idle.length === 0) return;
    // On a busy machine a statement may still be on its way to the server, or its answer on its way back.
    await sleep(this.#timeouts.suspectAfter);
    for (const { client } of await this.#findIdle(probe, idle)) drop(client);
  }

  /** Finds the waits for a connection on which the server is idle. */
  async #findIdle(probe: pg.Client, waits: Wait[]): Promise<Wait[]> {
    const connectedWaits = waits.filter(({ client }) => client !== undefined);
    const { rows } = await probe.query<{ pid: number }>(
      "select pid from pg_stat_activity where pid = any($1) and state = 'active'",
      [connectedWaits.map(({ client }) => this.#processIdOf(client))],
    );
    const activeProcesses = new Set(rows.map(({ pid }) => pid));
    // Lets an answer that has arrived be read first.
    await yieldToEventLoop();
    return connectedWaits.filter((wait) => {
      const hasReceived = !this.#waits.has(wait) || bytesReceivedBy(wait.client) > wait.bytesReceived;
      return !hasReceived && !activeProcesses.has(this.#processIdOf(wait.client));
    });
  }

  #processIdOf(client: pg.Client | undefined): number {
    const known = client && this.#processIds.get(client);
    return known ?? (client as { processID?: number } | undefined)?.processID ?? 0;
  }
}

function isSuspect(wait: Wait, now: number): boolean {
  const bytesReceived = bytesReceivedBy(wait.client);
  if (bytesReceived !== wait.bytesReceived) Object.assign(wait, { bytesReceived, receivedAt: now });
  return now - wait.receivedAt > wait.suspectAfter;
}

function drop(client: pg.Client | undefined): void {
  client?.connection.stream.destroy();
}

const bytesReceivedBy = (client: pg.Client | undefined): number =>
  (client?.connection.stream as Socket | undefined)?.bytesRead ?? 0;
