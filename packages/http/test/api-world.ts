import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createTokenEngine,
  type EngineOptions,
  scaleParameters,
  type TokenEngine,
  type TokenProvider,
} from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { AuthRefreshAuthority, type ServerRequest } from '@tokenkeep/testing';

/** An API that logs in, renews, and keeps the requests it served or refused, with their bodies. */
export class Api extends AuthRefreshAuthority {
  readonly seen: ServerRequest[] = [];

  protected override process(
    ...[request, operation]: Parameters<AuthRefreshAuthority['process']>
  ): ReturnType<AuthRefreshAuthority['process']> {
    if (operation === 'api') this.seen.push(request);
    return super.process(request, operation);
  }

  count(operation: 'obtain' | 'refresh' | 'api'): number {
    return this.log.count({ operation });
  }
}

/** One API, one engine in real time, and the accounts `ada` and `bob`. */
export class ApiWorld implements AsyncDisposable {
  private constructor(
    readonly api: Api,
    readonly engine: TokenEngine,
    readonly folder: string,
  ) {}

  static async begin(
    setup: {
      readonly provider?: Partial<TokenProvider>;
      readonly options?: Partial<Parameters<typeof authRefresh>[0]>;
      readonly engine?: Partial<EngineOptions>;
      readonly passwords?: Readonly<Record<'ada' | 'bob', string>>;
    } = {},
  ): Promise<ApiWorld> {
    const { ada = 'pw of ada', bob = 'pw of bob' } = setup.passwords ?? {};
    const people = [
      { username: 'ada', password: ada },
      { username: 'bob', password: bob },
    ];
    const api = await new Api({
      accounts: people.map((person) => ({ accountId: person.username, ...person })),
    }).start();
    const provider = authRefresh({ id: 'api', baseUrl: api.url, ...setup.options });
    const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-http-'));
    const engine = await createTokenEngine({
      store: sqliteStore({ path: join(folder, 'tokens.db') }),
      allowInsecureLoopback: true,
      providers: [{ ...provider, ...setup.provider } as TokenProvider],
      accounts: people.map((credentials) => ({
        provider: 'api',
        account: credentials.username,
        credentials,
      })),
      ...setup.engine,
    });
    return new ApiWorld(api, engine, folder);
  }

  /** Makes the token at hand one that the API refuses. */
  async endToken(account = 'ada'): Promise<void> {
    await this.engine.getToken(account);
    this.api.truth.revokeAccess(account);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop({ deadlineMs: 1_000 });
    await this.api.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The pauses between attempts, shortened; whoever waits for them does so on a busy machine, too. */
export const impatient = { engine: { parameters: { ...scaleParameters(0.01), waitMs: 10_000 } } };

/** What a promise is rejected with; a test that gets a value instead fails. */
export async function rejectionOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error('Expected a rejection.');
  return error as Error;
}
