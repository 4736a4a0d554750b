import type { AccessToken } from '@tokenkeep/core';
import type { World } from './world.js';

/** A request to an API of a server in this world, with a token as a host sends it. */
export function apiCall(world: World, server: { readonly url: string }, path = '/v1/orders') {
  return (token: AccessToken): Promise<Response> =>
    world.clock.track(() => fetch(`${server.url}${path}`, { headers: token.headers() }));
}
