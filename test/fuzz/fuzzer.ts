import fc from 'fast-check';
import type { Route } from '../browser/routes.js';
import type { Corpus } from './corpus.js';
import { type Answer, bytesOf, type Exchange, type WireRequest } from './exchange.js';
import { type FuzzRequest, fuzzRequests } from './requests.js';

/** Something that must not happen, and the request that shows it. */
export interface Finding {
  problem: string;
  request: string;
}

/** What one run sent and got. */
export interface Tally {
  sent: number;
  /** Answers by actor and status; `0` is a connection that was closed without an answer. */
  statuses: Map<string, Record<string, number>>;
  findings: Finding[];
}

export const newTally = (): Tally => ({ sent: 0, statuses: new Map(), findings: [] });

// As Node writes a stack, in text, HTML or JSON, and the folders of the code.
const STACK = /\n\s+at .+:\d+:\d+|\bat .{1,200}\.js:\d+:\d+|dist\/src\/|node_modules\/|file:\/\/\//;

// A text without its encoding can be read as another text (OWASP ASVS 5.0, 4.1.1).
const TYPE =
  /^((text\/[\w-]+|image\/svg\+xml); charset=utf-8|application\/\S+(; charset=utf-8)?|(image|font)\/[\w-]+)$/i;

const PARALLEL = 8;

/**
 * Sends a number of requests, which the seed alone decides for the same corpora, and notes each answer that nobody may
 * get: a 5xx, a stack, a body without a type, or none.
 * @returns the requests by the numbers that they were sent with, in the header `X-Fuzz`
 */
export async function sendAll(
  tally: Tally,
  {
    exchange,
    corpora,
    routes,
    seed,
    count,
  }: { exchange: Exchange; corpora: Corpus[]; routes: Route[]; seed: number; count: number },
): Promise<Map<number, WireRequest>> {
  const requests = fc.sample(fuzzRequests(corpora, routes), { seed, numRuns: count });
  const sent = new Map<number, WireRequest>();
  const sendNext = async (): Promise<void> => {
    for (let request = requests.pop(); request; request = requests.pop()) {
      const wire = numbered(request, tally.sent++);
      sent.set(tally.sent - 1, wire);
      const answer = await exchange.send(wire).catch((error: Error) => error);
      if (answer instanceof Error) tally.findings.push({ problem: answer.message, request: describe(wire) });
      else note(tally, { request, wire, answer });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, sendNext));
  return sent;
}

// Each request comes from another address, so that no limit of a network applies.
function numbered({ wire }: FuzzRequest, number: number): WireRequest {
  const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const added: [string, string][] = [['X-Fuzz', String(number)]];
  if (!wire.headers.some(([name]) => name === 'X-Forwarded-For')) added.push(['X-Forwarded-For', address]);
  if (!wire.raw) return { ...wire, headers: [...added, ...wire.headers] };
  // The first line of a broken request stays in front, and the rest as it is.
  const firstLine = wire.raw.indexOf('\r\n') + 2;
  if (firstLine < 2) return wire;
  const lines = added.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const raw = Buffer.concat([
    wire.raw.subarray(0, firstLine),
    Buffer.from(lines),
    wire.raw.subarray(firstLine),
  ]);
  return { ...wire, raw };
}

function note(
  { statuses, findings }: Tally,
  { request, wire, answer }: { request: FuzzRequest; wire: WireRequest; answer: Answer },
): void {
  const counts = statuses.get(request.actor) ?? {};
  statuses.set(request.actor, counts);
  const kind = String(answer.status);
  counts[kind] = (counts[kind] ?? 0) + 1;
  const found = (problem: string): void => {
    findings.push({ problem: `${problem} for ${request.actor}`, request: describe(wire) });
  };
  // 501 is Node's own answer to a method or an encoding that HTTP does not know.
  if (answer.status >= 500) found(`status ${answer.status}`);
  if (answer.text !== '' && !TYPE.test(answer.type)) found(`the type "${answer.type}"`);
  const stack = STACK.exec(answer.text);
  // What was sent may come back, for example in a field that was wrong.
  if (stack && !bytesOf(wire).includes(stack[0])) found(`a stack (${stack[0].trim().slice(0, 80)})`);
}

/** Shows a request in JSON, so that each byte can be read. */
export function describe(wire: WireRequest): string {
  return JSON.stringify((wire.raw ?? bytesOf(wire)).toString('latin1').slice(0, 1_500));
}
