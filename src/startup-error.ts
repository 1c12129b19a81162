import type { Config } from './config.js';

type Stores = Pick<Config, 'databaseUrl' | 'redisUrl'>;

/** What Node, pg and ioredis add to an error's message. */
interface Details {
  code?: string;
  syscall?: string;
  address?: string;
  hostname?: string;
  port?: number;
  path?: string;
}

/**
 * Says why a start or a command failed, for the person who typed it: which store is away, which port is taken,
 * which file is missing. On one line, except for the list of what is wrong with a file; never with a password.
 * @param config without it (it could not be read) a store is named by its address alone
 */
export function explain(error: unknown, config?: Stores): string {
  const causes = error instanceof AggregateError && error.errors.length > 0 ? error.errors : [error];
  const [first] = causes;
  if (!(first instanceof Error)) return withoutPasswords(String(first));
  return withoutPasswords(away(first, config) ?? refused(first, config) ?? first.message) || first.name;
}

// A connection that could not be made, or a port that could not be had.
function away(error: Error & Details, config: Stores | undefined): string | undefined {
  const { code, syscall, address, hostname, port, path } = error;
  if ((syscall === 'listen' || syscall === 'bind') && code === 'EADDRINUSE')
    return `port ${port} on ${address} is in use: stop what uses it, or set PORT to another one`;
  if ((syscall === 'listen' || syscall === 'bind') && code === 'EACCES')
    return `port ${port} is reserved for the system: set PORT to another one`;
  if (syscall === 'connect' || syscall === 'getaddrinfo')
    return `${storeAt(port, hostname, config) ?? `${address ?? hostname}`} can't be reached: ${syscall} ${code}`;
  if (
    /timeout exceeded when trying to connect|connection terminated/i.test(error.message) &&
    config?.databaseUrl
  )
    return `Postgres at ${place(config.databaseUrl)} can't be reached: ${error.message}`;
  if (code === 'ENOENT' && path) return `${path}: there is no such file`;
  if (code === 'EACCES' && path) return `${path}: not allowed to read it`;
  return undefined;
}

// Postgres or Redis answered, and said no to the log-in.
function refused(error: Error & Details, config: Stores | undefined): string | undefined {
  if (/^(28...|3D000|53300)$/.test(error.code ?? '') && config?.databaseUrl)
    return `Postgres at ${place(config.databaseUrl)} refuses the connection: ${error.message}`;
  if (/^(NOAUTH|WRONGPASS|NOPERM)\b/.test(error.message) && config?.redisUrl)
    return `Redis at ${place(config.redisUrl)} refuses the connection: ${error.message}`;
  return undefined;
}

function storeAt(
  port: number | undefined,
  hostname: string | undefined,
  config: Stores | undefined,
): string | undefined {
  const stores = [
    { name: 'Postgres', url: config?.databaseUrl },
    { name: 'Redis', url: config?.redisUrl },
  ];
  for (const { name, url } of stores) {
    if (!url) continue;
    const { port: urlPort, hostname: urlHost } = address(url);
    if (port === undefined ? hostname === urlHost || hostname === undefined : port === Number(urlPort))
      return `${name} at ${place(url)}`;
  }
  return undefined;
}

function place(url: string): string {
  const { hostname, port } = address(url);
  return `${hostname || 'localhost'}:${port}`;
}

function address(url: string): { hostname: string; port: string } {
  const { protocol, hostname, port } = new URL(url);
  return { hostname, port: port || (protocol.startsWith('redis') ? '6379' : '5432') };
}

// Up to the last @ of a word, in case the password has one itself.
function withoutPasswords(text: string): string {
  return text.replace(/\S+/g, (word) => {
    const end = Math.max(word.lastIndexOf('@'), 0);
    return word.slice(0, end).replace(/(:\/\/[^:/@]*):.*/, '$1:***') + word.slice(end);
  });
}
