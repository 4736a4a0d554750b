import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenEngine, type TokenEngine } from '@tokenkeep/core';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { AuthRefreshAuthority, type Canary, canary, type Rotation } from '@tokenkeep/testing';
import { type CliEnd, type CliRun, RunningCli } from './running-cli.js';

type Authority = NonNullable<ConstructorParameters<typeof AuthRefreshAuthority>[0]>;

export interface CliSetup {
  readonly rotation?: Rotation;
  readonly rules?: Authority['rules'];
  /** Members of the provider in the config file. */
  readonly provider?: object;
  /** Members of the account `crm` in the config file. */
  readonly account?: object;
  /** Other accounts of the config file. */
  readonly accounts?: object;
  /** Durations are a tenth of the real ones, but for the gap, unless this says otherwise. */
  readonly parameters?: object;
}

const quick = { gapMs: 20 };

/**
 * A server in real time, a config file for it in a folder of its own, one SQLite file, and as many
 * command lines as a test wants. The password stands in `CRM_PASSWORD`.
 */
export class CliWorld implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tokenkeep-cli-'));
  readonly storePath = join(this.folder, 'state', 'tokens.db');
  readonly password: Canary = canary('password');
  readonly server: AuthRefreshAuthority;
  readonly #setup: CliSetup;
  readonly #running: RunningCli[] = [];
  readonly #engines: TokenEngine[] = [];

  private constructor(setup: CliSetup) {
    this.#setup = setup;
    const { rotation = { kind: 'strict' }, rules } = setup;
    this.server = new AuthRefreshAuthority({
      accounts: [
        { accountId: 'crm', username: 'ada', password: this.password.secret },
        { accountId: 'eu', username: 'eve', password: this.password.secret },
      ],
      rules: { rotation, ...rules },
    });
  }

  static async begin(setup: CliSetup = {}): Promise<CliWorld> {
    const world = new CliWorld(setup);
    await world.server.start();
    mkdirSync(join(world.folder, 'state'), { mode: 0o700 });
    world.configure();
    return world;
  }

  get provider() {
    return { baseUrl: this.server.url, ...this.#setup.provider };
  }

  get parameters(): Record<string, number> {
    return { ...quick, ...this.#setup.parameters };
  }

  /** Writes the config file; `changes` replace its members. */
  configure(changes: object = {}): void {
    const { account, accounts } = this.#setup;
    const config = {
      store: this.storePath,
      allowInsecureLoopback: true,
      providers: { 'crm-api': { use: 'auth-refresh', ...this.provider } },
      accounts: {
        crm: {
          provider: 'crm-api',
          credentials: { username: 'ada', password: '$' + '{CRM_PASSWORD}' },
          ...account,
        },
        ...accounts,
      },
      parameters: this.parameters,
      ...changes,
    };
    this.file('tokenkeep.json', JSON.stringify(config));
  }

  /** A file of mode 0600 in the folder. */
  file(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  /** A command line that goes on running. */
  start(args: readonly string[], { env, ...run }: Partial<CliRun> = {}): RunningCli {
    const cli = new RunningCli(args, {
      cwd: this.folder,
      env: { CRM_PASSWORD: this.password.secret, ...env },
      ...run,
    });
    this.#running.push(cli);
    return cli;
  }

  /** A command line, run to its end. */
  run(args: readonly string[], run?: Partial<CliRun>): Promise<CliEnd> {
    return this.start(args, run).ended;
  }

  /** The library, over the same file, in this process. */
  async engine(): Promise<TokenEngine> {
    const engine = await createTokenEngine({
      store: sqliteStore({ path: this.storePath }),
      providers: [authRefresh({ id: 'crm-api', ...this.provider })],
      accounts: [
        {
          provider: 'crm-api',
          account: 'crm',
          credentials: { username: 'ada', password: this.password.secret },
        },
      ],
      parameters: this.parameters,
      allowInsecureLoopback: true,
    });
    this.#engines.push(engine);
    return engine;
  }

  /** The newest access token the server has issued to the account. */
  newestToken(account = 'crm'): string | undefined {
    return this.server.truth.current(account)?.accessToken;
  }

  /** Everything the server has issued: what must never be printed. */
  issuedSecrets(account = 'crm'): string[] {
    const sets = this.server.truth.tokens.of(account).flatMap((family) => family.sets);
    return sets.flatMap(({ accessToken, refresh }) => [accessToken, refresh?.token ?? accessToken]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cli of this.#running) await cli.kill();
    for (const engine of this.#engines) await engine.stop({ deadlineMs: 2_000 });
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
