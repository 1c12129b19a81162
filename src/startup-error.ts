import type { Config } from './config.js';
import { parseRedisUrl } from './redis-url.js';

type StoreUrls = Pick<Config, 'databaseUrl' | 'databaseDirectUrl' | 'redisUrl'>;

/** The properties that Node, pg and ioredis add to an error. */
interface Details {
  code?: string;
  syscall?: string;
  address?: string;
  hostname?: string;
  port?: number;
  path?: string;
}

/**
 * Explains to an operator why a start or a command failed: for example which store does not answer, which
 * port is in use or which file is missing. The text is one line, except for the list of problems in a file.
 * It never holds a password.
 * @param config without it (it could not be read) a store is named by its address alone
 */
export function explain(error: unknown, config?: StoreUrls): string {
  const causes = error instanceof AggregateError && error.errors.length > 0 ? error.errors : [error];
  const [first] = causes;
  if (!(first instanceof Error)) return withoutPasswords(String(first));
  const explanation = explainUnreachable(first, config) ?? explainRefusal(first, config) ?? first.message;
  return withoutPasswords(explanation) || first.name;
}

// A connection, a port or a file that can't be opened.
function explainUnreachable(error: Error & Details, config: StoreUrls | undefined): string | undefined {
  const { code, syscall, address, hostname, port, path } = error;
  if ((syscall === 'listen' || syscall === 'bind') && code === 'EADDRINUSE')
    return `port ${port} on ${address} is in use: stop what uses it, or set PORT to another one`;
  if ((syscall === 'listen' || syscall === 'bind') && code === 'EACCES')
    return `port ${port} is reserved for the system: set PORT to another one`;
  if (syscall === 'connect' || syscall === 'getaddrinfo')
    return `${findStore(error, config) ?? `${address ?? hostname}`} can't be reached: ${syscall} ${code}`;
  if (
    /timeout exceeded when trying to connect|connection terminated/i.test(error.message) &&
    config?.databaseUrl
  )
    return `Postgres at ${postgresHost(config)} can't be reached: ${error.message}`;
  if (code === 'ENOENT' && path) return `${path}: there is no such file`;
  if (code === 'EACCES' && path) return `${path}: not allowed to read it`;
  return undefined;
}

// Postgres or Redis answered and refused the log-in.
function explainRefusal(error: Error & Details, config: StoreUrls | undefined): string | undefined {
  if (/^(28...|3D000|53300)$/.test(error.code ?? '') && config?.databaseUrl)
    return `Postgres at ${postgresHost(config)} refuses the connection: ${error.message}`;
  if (/^(NOAUTH|WRONGPASS|NOPERM)\b/.test(error.message) && config?.redisUrl)
    return `Redis at ${redisHosts(config.redisUrl)} refuses the connection: ${error.message}`;
  return undefined;
}

function findStore({ port, hostname }: Details, config: StoreUrls | undefined): string | undefined {
  const urls = [config?.databaseDirectUrl, config?.databaseUrl].filter((url) => url !== undefined);
  const stores = [
    ...urls.map((url) => ({ name: 'Postgres', ...parseUrl(url) })),
    ...(parseRedisUrl(config?.redisUrl ?? '')?.hosts ?? []).map((server) => ({ name: 'Redis', ...server })),
  ];
  const store = stores.find((candidate) => {
    const isSameHost = hostname === undefined || hostname === candidate.host;
    return port === undefined ? isSameHost : port === candidate.port;
  });
  return store && `${store.name} at ${hostAndPort(store)}`;
}

const postgresHost = ({ databaseUrl, databaseDirectUrl }: StoreUrls): string =>
  hostAndPort(parseUrl(databaseDirectUrl ?? databaseUrl ?? ''));

const redisHosts = (url: string): string => parseRedisUrl(url)?.hosts.map(hostAndPort).join(', ') ?? '';

const hostAndPort = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;

function parseUrl(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname || 'localhost', port: Number(port || 5432) };
}

// Up to the last @ of a word, because a password can contain one.
function withoutPasswords(text: string): string {
  return text.replace(/\S+/g, (word) => {
    const end = Math.max(word.lastIndexOf('@'), 0);
    return word.slice(0, end).replace(/(:\/\/[^:/@]*):.*/, '$1:***') + word.slice(end);
  });
}
