import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { MAX_CONNECTIONS } from './stores.js';
import type { System } from './system.js';

/** Takes all connections of Postgres, also those that others have, and keeps them until the end. */
export function holdAllConnections(): {
  begin(system: System): Promise<void>;
  end(): Promise<void>;
} {
  let clients: pg.Client[] = [];
  return {
    async begin({ postgres: { url } }) {
      clients = await open(url, MAX_CONNECTIONS);
      // Others get what is free between two tries, and lose it at the next one.
      for (let tries = 0; tries < 100 && clients.length < MAX_CONNECTIONS; tries++) {
        await clients[0]?.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and not pid = any($1)",
          [clients.map((client) => (client as unknown as { processID: number }).processID)],
        );
        await sleep(10);
        clients.push(...(await open(url, MAX_CONNECTIONS - clients.length)));
      }
      if (clients.length < MAX_CONNECTIONS) throw new Error(`only ${clients.length} connections were taken`);
    },
    async end() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

/** Opens as many connections as Postgres allows. */
async function open(url: string, count: number): Promise<pg.Client[]> {
  const opened = Array.from({ length: count }, async () => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    return client.connect().then(
      () => client,
      () => undefined,
    );
  });
  return (await Promise.all(opened)).filter((client) => client !== undefined);
}
