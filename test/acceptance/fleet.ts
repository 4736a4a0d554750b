import type { TokenEngine, TokenProvider } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority, type LogEntry } from '@tokenkeep/testing';
import type { World } from './world.js';

type Rules = NonNullable<ConstructorParameters<typeof AuthRefreshAuthority>[0]>['rules'];

/** Many accounts of one provider, as a service has them. */
export interface Fleet {
  readonly server: AuthRefreshAuthority;
  readonly providers: TokenProvider[];
  readonly accounts: readonly { readonly account: string; readonly provider: string }[];
  /** Names, as `getToken` wants them. */
  readonly names: readonly string[];
}

export async function fleetWorld(world: World, size: number, rules: Rules = {}): Promise<Fleet> {
  const people = Array.from({ length: size }, (_, index) => {
    const number = String(index).padStart(4, '0');
    return { accountId: `a${number}`, username: `user-${number}`, password: `secret-${number}` };
  });
  const server = await world.serve(
    new AuthRefreshAuthority({ clock: world.clock, accounts: people, rules }),
  );
  const accounts = people.map(({ accountId, ...credentials }) => ({
    provider: 'fleet',
    account: accountId,
    credentials,
  }));
  const provider = authRefresh({ id: 'fleet', baseUrl: server.url });
  return {
    server,
    providers: [provider as TokenProvider],
    accounts,
    names: accounts.map(({ account }) => account),
  };
}

export function started(...engines: readonly TokenEngine[]): readonly TokenEngine[] {
  for (const engine of engines) engine.start();
  return engines;
}

/** Names of accounts that hold no token the server takes. */
export async function withoutToken(
  world: World,
  { server, names }: Fleet,
  engine: TokenEngine,
): Promise<readonly string[]> {
  const asked = await world.run(
    Promise.all(
      names.map(async (name) => {
        const token = await engine.getToken(name, { waitMs: 1 }).catch(() => undefined);
        return token !== undefined && server.truth.accepts(token.reveal()) ? [] : [name];
      }),
    ),
  );
  return asked.flat();
}

export const isTokenRequest = ({ operation }: LogEntry): boolean =>
  operation === 'refresh' || operation === 'obtain';

/** How many token requests arrived in each span of `widthMs`, from the first moment on. */
export function histogram(entries: readonly LogEntry[], from: number, to: number, widthMs: number) {
  const bins = new Array<number>(Math.ceil((to - from) / widthMs)).fill(0);
  for (const { at } of entries.filter(isTokenRequest)) {
    if (at < from || at >= to) continue;
    const bin = Math.floor((at - from) / widthMs);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }
  return bins;
}
