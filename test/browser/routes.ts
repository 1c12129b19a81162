import type { Express } from 'express';

/** A route of the site. */
export interface Route {
  /** Its addresses as the code writes them; several are joined by a comma. */
  path: string;
  /** The methods that it answers, in capitals. */
  methods: string[];
  /** Whether the route answers this path. */
  matches(path: string): boolean;
}

// The parts of Express's router that this file reads. Its types leave most of them out.
interface Layer {
  match(path: string): unknown;
  handle: { stack?: Layer[] };
  route?: { path: unknown; methods: Record<string, boolean> };
}

/** Reads the GET routes from a site, also those in the routers of its features. */
export function getRoutesOf(app: Express): Route[] {
  return routesOf(app).filter(({ methods }) => methods.includes('GET'));
}

/** Reads all routes from a site, also those in the routers of its features. */
export function routesOf(app: Express): Route[] {
  return routesIn(app.router.stack as unknown as Layer[]);
}

function routesIn(stack: Layer[]): Route[] {
  return stack.flatMap((layer): Route[] => {
    if (!layer.route) return routesIn(layer.handle.stack ?? []);
    const { path, methods } = layer.route;
    return [
      {
        path: String(path),
        methods: Object.keys(methods)
          .filter((method) => method !== '_all')
          .map((method) => method.toUpperCase()),
        matches: (address) => Boolean(layer.match(address)),
      },
    ];
  });
}
