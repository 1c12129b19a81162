/** What REDIS_URL names. */
export interface RedisAddress {
  /** One server, the Sentinels that know which server is the master, or nodes of a cluster. */
  kind: 'server' | 'sentinel' | 'cluster';
  tls: boolean;
  /** At least one. */
  hosts: { host: string; port: number }[];
  /** User and password of the servers; empty without them. */
  username: string;
  password: string;
  /** The name of the master that the Sentinels watch; empty for the other kinds. */
  name: string;
  /** The number of the database (0 and up). A cluster has only 0. */
  db: number;
  /** User and password of the Sentinels; empty without them. */
  sentinelUsername: string;
  sentinelPassword: string;
}

const DEFAULT_PORTS = { server: 6_379, sentinel: 26_379, cluster: 6_379 };

/**
 * Reads the address of Redis: `redis://host:port/DB`, `redis+sentinel://host:port,host:port/NAME/DB` or
 * `redis+cluster://host:port,host:port`. With `rediss` every connection uses TLS. `user:password@` may stand
 * before the hosts, and `?sentinelUsername=…&sentinelPassword=…` at the end.
 * @returns undefined for anything else
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const [, scheme, kindName = 'server', login = '', hosts = '', rest = ''] =
    /^(rediss?)(?:\+(sentinel|cluster))?:\/\/([^/?#]*@)?([^/?#]*)(.*)$/.exec(text) ?? [];
  const kind = kindName as RedisAddress['kind'];
  // A standard URL has only one host, so each gets one.
  const urls = hosts.split(',').map((host) => `redis://${login}${host}${rest}`);
  if (!scheme || (kind === 'server' && urls.length > 1) || !urls.every((url) => URL.canParse(url)))
    return undefined;
  const parsed = urls.map((url) => new URL(url)) as [URL, ...URL[]];
  const { username, password, pathname, searchParams } = parsed[0];
  const path = pathname.split('/').slice(1).map(decodeURIComponent);
  const name = kind === 'sentinel' ? path.shift() : '';
  const db = Number(path[0] ?? 0);
  if (name === undefined || (kind === 'sentinel' && name === '')) return undefined;
  if (path.length > 1 || !Number.isInteger(db) || (kind === 'cluster' && db > 0)) return undefined;
  return {
    kind,
    tls: scheme === 'rediss',
    hosts: parsed.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
      port: Number(port || DEFAULT_PORTS[kind]),
    })),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    name,
    db,
    sentinelUsername: searchParams.get('sentinelUsername') ?? '',
    sentinelPassword: searchParams.get('sentinelPassword') ?? '',
  };
}
