import type { Express } from 'express';

/** A route of the site that answers GET. */
export interface GetRoute {
  /** Its addresses as the code writes them; several are joined by a comma. */
  path: string;
  /** Whether the route answers this path. */
  matches(path: string): boolean;
}

// The parts of Express's router that this file reads. Its types leave most of them out.
interface Layer {
  match(path: string): unknown;
  handle: { stack?: Layer[] };
  route?: { path: unknown; methods: { get?: boolean } };
}

/** Reads the GET routes from a site, also those in the routers of its features. */
export function getRoutesOf(app: Express): GetRoute[] {
  return routesIn(app.router.stack as unknown as Layer[]);
}

function routesIn(stack: Layer[]): GetRoute[] {
  return stack.flatMap((layer): GetRoute[] => {
    if (!layer.route) return routesIn(layer.handle.stack ?? []);
    if (!layer.route.methods.get) return [];
    return [{ path: String(layer.route.path), matches: (path) => Boolean(layer.match(path)) }];
  });
}
