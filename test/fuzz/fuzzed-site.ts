import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { inject } from 'vitest';
import { fillSite, type Members } from '../browser/fixtures.js';
import { type Route, routesOf } from '../browser/routes.js';
import { track } from '../processes.js';
import { openSite, type Site, visit, vote } from '../site.js';
import { type Actor, type Corpus, explore } from './corpus.js';
import { Exchange } from './exchange.js';

/** A time in which the event loop of the site stood still. */
export interface Stall {
  ms: number;
  /** How much of it was work of the site's own thread; the rest is other work on the machine. */
  cpuMs: number;
  /** The numbers of the requests that were being answered. */
  requests: number[];
}

/** A filled site that gets the requests of a fuzzer. */
export interface FuzzedSite {
  exchange: Exchange;
  routes: Route[];
  /** Logs all actors in, and returns what they can reach now. @throws Error when one of them can't log in any more */
  explore(): Promise<Corpus[]>;
  /** Logs all actors in again: some requests log out. @throws Error when one of them can't log in any more */
  logInAgain(corpora: Corpus[]): Promise<void>;
  /** What the event loop did since the last call; always empty without a process of its own. */
  takeStalls(): Promise<Stall[]>;
  /** Faults in the site's log since the last call. */
  takeFaults(): string[];
  close(): Promise<void>;
}

/**
 * Opens a site with everything that a site can have, and a mail server that takes what it sends.
 * @param options `inProcess` answers in this process, as the embedded database needs it. Otherwise, a child answers, so
 * that its event loop does only its own work. `stallMs` is how long it may stand still without being noted
 */
export async function openFuzzedSite({
  inProcess,
  stallMs = 50,
}: {
  inProcess: boolean;
  stallMs?: number;
}): Promise<FuzzedSite> {
  const mail = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData: (stream, _session, done) => {
      stream.resume().on('end', () => done());
    },
  });
  await once(mail.listen(0, '127.0.0.1'), 'listening');
  const { port } = mail.server.address() as AddressInfo;
  const mailFrom = 'site@thinga.example';
  const site = await openSite({ trustProxy: 1, smtpUrl: `smtp://127.0.0.1:${port}`, mailFrom });
  const { members, topics, links } = await fillSite(site);
  const answering = inProcess ? undefined : await startChild(site, stallMs);
  const exchange = new Exchange(answering?.port ?? (site.server.address() as AddressInfo).port);
  const routes = routesOf(site.app);
  const start = [
    '/',
    '/admin',
    ...Object.values(topics),
    ...Object.values(links),
    ...routes.map(({ path }) => path),
  ];
  return {
    exchange,
    routes,
    async explore() {
      const actors = await logIn(site, members);
      return Promise.all(actors.map((actor) => explore(actor, { exchange, routes, start })));
    },
    async logInAgain(corpora) {
      const actors = await logIn(site, members);
      for (const { actor } of corpora)
        actor.cookie = actors.find(({ name }) => name === actor.name)?.cookie ?? '';
    },
    takeStalls: async () => (await answering?.takeStalls()) ?? [],
    takeFaults: () => answering?.faults.splice(0) ?? [],
    async close() {
      exchange.close();
      if (answering?.child.connected) {
        answering.child.disconnect();
        await once(answering.child, 'exit');
      }
      await site.close();
      await new Promise<void>((resolve) => mail.close(resolve));
    },
  };
}

async function startChild(site: Site, stallMs: number) {
  const ended = new AbortController();
  const faults: string[] = [];
  const child: ChildProcess = fork(join(import.meta.dirname, 'site-process.mjs'), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // JSON would turn the limit of open requests, infinity, into null. A busy site would then refuse everything.
    serialization: 'advanced',
  });
  track(child);
  child.stdout?.on('data', (chunk) => faults.push(...faultsIn(String(chunk))));
  child.stderr?.on('data', (chunk) => faults.push(String(chunk)));
  child.on('exit', (code) => {
    if (code) faults.push(`the site ended with the code ${code}`);
    ended.abort();
  });
  const ready = once(child, 'message');
  child.send({ config: site.config, prefix: site.prefix, redisUrl: inject('redis'), stallMs });
  const [{ port }] = await ready;
  const takeStalls = async (): Promise<Stall[]> => {
    if (!child.connected) return [];
    child.send('stalls');
    const [message] = await once(child, 'message', { signal: ended.signal }).catch(() => []);
    return message?.stalls ?? [];
  };
  return { child, port: Number(port), takeStalls, faults };
}

// The log has a line of JSON for each event. Warnings tell of visitors' mistakes.
function faultsIn(output: string): string[] {
  return output.split('\n').filter((line) => /"level":("?(error|fatal)"?|[56]0)/.test(line));
}

async function logIn(site: Site, { voter, organiser, admin }: Members): Promise<Actor[]> {
  const actors: Actor[] = [{ name: 'visitor', cookie: '' }];
  const guest = visit(site);
  await vote(guest);
  actors.push({ name: 'guest', cookie: cookiesOf(guest) });
  for (const [name, { username, password }] of Object.entries({ member: voter, organiser, admin })) {
    const browser = visit(site);
    await browser.post('/login').type('form').send({ username, password }).expect(303);
    actors.push({ name, cookie: cookiesOf(browser) });
  }
  return actors;
}

function cookiesOf({ jar }: ReturnType<typeof visit>): string {
  return jar
    .getCookies({ path: '/', domain: '127.0.0.1', secure: false, script: false })
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}
