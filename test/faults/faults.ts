import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdAllConnections } from './all-connections.js';
import { startFailingRelease } from './failing-release.js';
import { openSlowClients } from './slow-clients.js';
import { send } from './stores.js';
import { FAKETIME, type System } from './system.js';

/** Something that breaks while people vote. */
export interface Fault {
  name: string;
  /**
   * The most that it may cost: nothing that voters notice; some answers, which come when a voter tries again;
   * or the site's process, which the supervisor starts again.
   */
  costs: 'nothing' | 'answers' | 'process';
  /** How long it stays. */
  seconds: number;
  begin(system: System): Promise<unknown>;
  end(system: System): Promise<unknown>;
  /** What this machine lacks for it. */
  lacks?(system: System): string | undefined;
}

const HOUR = 3_600;

const startStores = ({ postgres, redis }: System): Promise<unknown> =>
  Promise.all([postgres.start(), redis.start()]);

/** Stops processes for ten seconds, as when a machine is frozen. */
function frozen(
  name: string,
  costs: Fault['costs'],
  processesOf: (system: System) => Promise<number[]> | number[],
): Fault {
  let pids: number[] = [];
  return {
    ...{ name: `${name} stopped (SIGSTOP)`, costs, seconds: 10 },
    async begin(system) {
      pids = await processesOf(system);
      send('SIGSTOP', pids);
    },
    end: async () => send('SIGCONT', pids),
  };
}

/** Swallows the bytes to and from a store, as a firewall does. Connections from before stay dead. */
function silenced(name: string, proxy: 'postgresProxy' | 'redisProxy', costs: Fault['costs']): Fault {
  return {
    ...{ name: `Bytes to and from ${name} swallowed`, costs, seconds: 5 },
    begin: async (system) => system[proxy].silence(),
    end: (system) => system[proxy].mend(),
  };
}

/** Starts the site with a wrong clock, and then sets the clock right while it runs. */
function wrongClock(name: string, secondsAhead: number): Fault {
  return {
    ...{ name: `The site’s clock an hour ${name}, then right`, costs: 'process', seconds: 6 },
    async begin({ app }) {
      app.setClock(secondsAhead);
      await app.kill();
      await app.untilUp();
    },
    end: async ({ app }) => app.setClock(0),
    lacks: () => (existsSync(FAKETIME) ? undefined : `${FAKETIME} (Debian: apt install libfaketime)`),
  };
}

/** What `npm run faults` breaks, one after the other. */
export const faults: Fault[] = [
  {
    ...{ name: 'Site killed', costs: 'process', seconds: 0 },
    begin: ({ app }) => app.kill(),
    end: ({ app }) => app.untilUp(),
  },
  {
    ...{ name: 'Ranker killed', costs: 'nothing', seconds: 1 },
    begin: async ({ app }) => send('SIGKILL', [await app.ranker()]),
    end: ({ app }) => app.ranker(),
  },
  {
    ...{ name: 'Redis killed, back empty', costs: 'nothing', seconds: 1 },
    async begin({ redis }) {
      await redis.kill();
      redis.empty();
    },
    end: startStores,
  },
  {
    ...{ name: 'Redis killed, back with an older state', costs: 'nothing', seconds: 1 },
    begin: ({ redis }) => redis.kill(),
    end: startStores,
  },
  {
    ...{ name: 'Postgres killed', costs: 'answers', seconds: 1 },
    begin: ({ postgres }) => postgres.kill(),
    end: startStores,
  },
  frozen('Site', 'answers', ({ app }) => [app.pid()]),
  frozen('Ranker', 'nothing', async ({ app }) => [await app.ranker()]),
  frozen('Redis', 'nothing', ({ redis }) => redis.processes()),
  frozen('Postgres', 'answers', ({ postgres }) => postgres.processes()),
  frozen('All four', 'answers', async ({ app, postgres, redis }) => [
    ...[app.pid(), await app.ranker()],
    ...[...postgres.processes(), ...redis.processes()],
  ]),
  silenced('Redis', 'redisProxy', 'nothing'),
  silenced('Postgres', 'postgresProxy', 'answers'),
  {
    ...{ name: 'Redis full (maxmemory, noeviction)', costs: 'nothing', seconds: 5 },
    begin: ({ redis }) => redis.limitMemory('1'),
    end: ({ redis }) => redis.limitMemory('0'),
  },
  {
    ...{ name: 'Disk of Postgres full', costs: 'answers', seconds: 8 },
    begin: async ({ postgres }) => postgres.fillDisk(),
    async end(system) {
      await system.postgres.clearDisk();
      // Where it can't write at all it ends itself, and its supervisor starts it again.
      await startStores(system);
    },
    lacks: ({ hasOwnDisk }) => (hasOwnDisk ? undefined : 'the right to mount a disk (root)'),
  },
  {
    ...{ name: 'All connections of Postgres taken', costs: 'answers', seconds: 5 },
    ...holdAllConnections(),
  },
  {
    ...{ name: '1,500 slow clients', costs: 'nothing', seconds: 10 },
    ...openSlowClients(1_500),
  },
  {
    ...{ name: 'A migration of a new version fails half-way', costs: 'nothing', seconds: 0 },
    ...startFailingRelease(),
  },
  wrongClock('ahead', HOUR),
  wrongClock('behind', -HOUR),
  {
    ...{ name: 'All four killed within a second', costs: 'process', seconds: 0 },
    async begin({ app, postgres, redis }) {
      const ranker = await app.ranker();
      const kills = [
        () => app.kill(),
        async () => send('SIGKILL', [ranker]),
        () => redis.kill(),
        () => postgres.kill(),
      ];
      await Promise.all(
        kills.map(async (kill) => {
          await sleep(1_000 * Math.random());
          await kill();
        }),
      );
    },
    async end(system) {
      await startStores(system);
      await system.app.untilUp();
    },
  },
];
