import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type AccountConfig,
  createTokenEngine,
  nodeHttpExchange,
  type ProviderProfile,
  type TokenEngine,
  type TokenEvents,
} from '@tokenkeep/core';
import { type ServerRequest, TestClock, trackedExchange } from '@tokenkeep/testing';
import { parse } from 'yaml';
import { httpProvider, type ProviderDeclaration } from '../../src/index.js';
import { type Manners, VendorServer } from './vendor-server.js';

const folder = new URL('../../../../examples/declared/', import.meta.url);

/** A declaration as it stands in its file. */
export function declarationOf(vendor: string): ProviderDeclaration {
  return parse(readFileSync(fileURLToPath(new URL(`${vendor}.yaml`, folder)), 'utf8'));
}

export interface VendorScene extends AsyncDisposable {
  readonly server: VendorServer;
  readonly clock: TestClock;
  readonly engine: TokenEngine;
  readonly profile: ProviderProfile;
  readonly events: (keyof TokenEvents)[];
  /** The access token, once it is there. */
  token(): Promise<string>;
  /** A call of the API, renewed if its token is refused. @returns its status */
  call(): Promise<number>;
  /** What went over the wire, oldest first. */
  readonly requests: readonly ServerRequest[];
}

/** The engine, the vendor's declaration, and a server with the vendor's manners. */
export async function vendorScene(
  vendor: string,
  manners: Manners,
  account: Partial<AccountConfig> = {},
): Promise<VendorScene> {
  const clock = new TestClock();
  const server = await new VendorServer(manners, clock).start();
  const provider = httpProvider({ ...declarationOf(vendor), baseUrl: server.url });
  const engine = await createTokenEngine({
    clock,
    exchange: trackedExchange(clock, nodeHttpExchange(clock)),
    allowInsecureLoopback: true,
    providers: [provider],
    accounts: [{ provider: vendor, account: 'main', ...account } as AccountConfig],
  });
  const events: (keyof TokenEvents)[] = [];
  for (const name of [
    'token:obtained',
    'token:renewed',
    'account:reauthorization_required',
  ] as const) {
    engine.on(name, () => void events.push(name));
  }
  return {
    server,
    clock,
    engine,
    events,
    profile: provider.profile,
    requests: server.requests,
    token: async () => (await clock.runUntil(engine.getToken('main'))).reveal(),
    call: () =>
      clock
        .runUntil(
          engine.withToken('main', (token) =>
            clock.track(() => fetch(`${server.url}/api`, { headers: token.headers() })),
          ),
        )
        .then(({ status }) => status),
    async [Symbol.asyncDispose]() {
      await clock.runUntil(engine.stop());
      await server.stop();
    },
  };
}

export function formOf({ body }: ServerRequest): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body.toString()));
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
