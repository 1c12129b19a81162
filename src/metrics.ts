import cluster, { type Worker } from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, register } from 'prom-client';
import { poolUsage } from './postgres.js';

// What a process counts of itself. Labels have few values, and none of them is of a person.

/** Answers of the site. The route is a pattern such as `/topics/:slug/vote`. */
export const requests = new Counter({
  name: 'thinga_http_requests_total',
  help: 'Answers, by method, pattern of the route, and status.',
  labelNames: ['method', 'route', 'status'],
});

/** How long answers took, in seconds. */
export const requestSeconds = new Histogram({
  name: 'thinga_http_request_seconds',
  help: 'Time from a request to the end of its answer, by method and pattern of the route.',
  labelNames: ['method', 'route'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
});

/** Requests that got 503 because the process was overloaded. */
export const shedRequests = new Counter({
  name: 'thinga_http_requests_shed_total',
  help: 'Requests that were refused because the process was overloaded.',
});

/** Votes by what happened to them, as in `CastResult`. */
export const votes = new Counter({
  name: 'thinga_votes_total',
  help: 'Votes, by result: cast, repeated, answered (on another ballot), gone (a thing was taken down).',
  labelNames: ['result'],
});

/** Queues that were read again from the ledger. */
export const queueRedraws = new Counter({
  name: 'thinga_queue_redraws_total',
  help: 'Queues of voters that were drawn anew, because they were new, lost, stale or empty.',
});

/** Log-ins by how they ended. */
export const logIns = new Counter({
  name: 'thinga_log_ins_total',
  help: 'Log-ins, by method (password, passkey) and outcome (accepted, refused, throttled, barred, failed).',
  labelNames: ['method', 'outcome'],
});

/** Events of sessions by kind, such as `drift`. */
export const sessionEvents = new Counter({
  name: 'thinga_session_events_total',
  help: 'Events in the record of sessions, by kind. drift: Redis had a session that Postgres had ended.',
  labelNames: ['kind'],
});

new Gauge({
  name: 'thinga_database_connections',
  help: 'Connections to Postgres, by pool (pages, background) and state (used, idle).',
  labelNames: ['pool', 'state'],
  collect() {
    this.reset();
    for (const { pool, used, idle } of poolUsage()) {
      this.inc({ pool, state: 'used' }, used);
      this.inc({ pool, state: 'idle' }, idle);
    }
  },
});

new Gauge({
  name: 'thinga_database_connections_max',
  help: 'The most connections to Postgres, by pool.',
  labelNames: ['pool'],
  collect() {
    this.reset();
    for (const { pool, max } of poolUsage()) this.inc({ pool }, max);
  },
});

new Gauge({
  name: 'thinga_database_waiting',
  help: 'Callers that wait for a connection to Postgres, by pool.',
  labelNames: ['pool'],
  collect() {
    this.reset();
    for (const { pool, waiting } of poolUsage()) this.inc({ pool }, waiting);
  },
});

let measured = performance.eventLoopUtilization();
new Gauge({
  name: 'thinga_event_loop_utilization',
  help: 'Share of the time since the last scrape in which the event loop was busy (0 to 1).',
  collect() {
    const now = performance.eventLoopUtilization();
    this.set(performance.eventLoopUtilization(now, measured).utilization);
    measured = now;
  },
});

let isStarted = false;

/** Starts to measure memory, garbage collection and the event loop of this process. A second call does nothing. */
export function startMetrics(): void {
  if (isStarted) return;
  isStarted = true;
  collectDefaultMetrics();
  if (!cluster.worker) return;
  // Each process has its own series, so a rate stays right when one is replaced and counts from 0 again.
  register.setDefaultLabels({ worker: String(cluster.worker.id) });
  answerAggregator();
}

// prom-client has workers answer the primary from then on.
const answerAggregator = (): AggregatorRegistry<'text/plain; version=0.0.4; charset=utf-8'> =>
  new AggregatorRegistry();

/** The content type of `processMetrics`. */
export const METRICS_TYPE = register.contentType;

const REQUEST = 'thinga:metrics';

interface Message {
  type?: unknown;
  id?: unknown;
  text?: string | undefined;
}

/**
 * Returns what all web processes have measured, in the format of Prometheus. Workers share a port, so any of them may be
 * asked.
 * @throws Error when another process does not answer within five seconds
 */
export function processMetrics(): Promise<string> {
  const { worker } = cluster;
  return worker ? askPrimary(worker) : register.metrics();
}

function askPrimary(worker: Worker): Promise<string> {
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const onMessage = (message: Message): void => {
      if (message.type !== REQUEST || message.id !== id) return;
      worker.off('message', onMessage);
      if (message.text === undefined) reject(new Error('a web process did not tell its metrics'));
      else resolve(message.text);
    };
    worker.on('message', onMessage);
    worker.send({ type: REQUEST, id });
  });
}

/** Has the primary process collect the metrics of all workers for the worker that asks. */
export function collectFromWorkers(): void {
  const aggregator = answerAggregator();
  cluster.on('message', async (worker, { type, id }: Message) => {
    if (type !== REQUEST) return;
    const text = await aggregator.clusterMetrics().catch(() => undefined);
    if (worker.isConnected()) worker.send({ type: REQUEST, id, text });
  });
}
