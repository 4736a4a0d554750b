import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type CliEnd, RunningCli } from '../../packages/cli/test/running-cli.js';
import {
  RealServer,
  type RealServerSettings,
} from '../../packages/provider-oauth2/test/server/real-server.js';
import { UserAgent } from '../../packages/provider-oauth2/test/server/user-agent.js';

test('"needs a person" has a cure: a login in a browser, and a dead grant later another one', async () => {
  await using world = await LoginWorld.begin();
  const first = await world.run(['token', 'crm']);
  expect(first.code).toBe(4);
  expect(first.err).toContain('Log in: tokenkeep login crm');
  expect((await world.run(['status', 'crm'])).out).toContain('tokenkeep login crm');

  expect(await world.logIn()).toMatchObject({ code: 0, out: expect.stringContaining('logged in') });
  const token = await world.run(['token', 'crm']);
  expect(token).toMatchObject({ code: 0, err: '' });
  expect((await world.run(['renew', 'crm'])).code).toBe(0);

  await world.endGrant(token.out.trim());
  const dead = await world.run(['renew', 'crm']);
  expect(dead.code).toBe(4);
  expect(dead.err).toContain('invalid_grant');
  expect(dead.err).toContain('Log in: tokenkeep login crm');
  expect((await world.run(['status', 'crm'])).out).toContain('log in: tokenkeep login crm');
  expect((await world.logIn()).code).toBe(0);
  expect((await world.run(['renew', 'crm'])).code).toBe(0);
});

test('a code for another device, as JSON for a program', async () => {
  await using world = await LoginWorld.begin();
  const cli = world.start(['login', 'crm', '--device', '--json']);
  await cli.shows('"code"');
  const { login } = JSON.parse(cli.written.trim().split('\n')[0] ?? '') as {
    login: { code: string; url: string };
  };
  await new UserAgent({ user_code: login.code }).visit(login.url);
  const end = await cli.ended;
  expect(end.code).toBe(0);
  expect(JSON.parse(end.out)).toMatchObject({ generation: 1 });
});

test('no secret of a login is printed', async () => {
  await using world = await LoginWorld.begin();
  const end = await world.logIn(['--verbose']);
  const token = (await world.run(['token', 'crm'])).out.trim();
  for (const secret of [token, world.server.secret]) {
    expect(end.out + end.err).not.toContain(secret);
  }
  expect(end.err).not.toContain('code=');
});

test('Ctrl-C ends a login that nobody finishes', async () => {
  await using world = await LoginWorld.begin();
  const cli = world.start(['login', 'crm']);
  await cli.shows('/auth?');
  cli.signal('SIGINT');
  expect((await cli.ended).code).toBe(130);
});

test('whoever knocks at the door of a login is not let in, and does not end it', async () => {
  await using world = await LoginWorld.begin();
  const cli = world.start(['login', 'crm']);
  const page = await world.pageOf(cli);
  const redirect = new URL(page.searchParams.get('redirect_uri') ?? '');
  expect((await fetch(new URL('/favicon.ico', redirect))).status).toBe(404);
  expect((await fetch(redirect)).status).toBe(400);
  expect((await fetch(redirect, { method: 'POST' })).status).toBe(404);
  for (const forged of ['?code=stolen&state=guessed', '?error=access_denied&state=guessed']) {
    expect((await fetch(new URL(forged, redirect))).status).toBe(400);
  }
  expect(await world.server.requestsTo('/token')).toEqual([]);
  const { url } = await new UserAgent().visit(page.href);
  expect((await fetch(url)).status).toBe(200);
  const end = await cli.ended;
  expect(end.code).toBe(0);
  expect(end.out + end.err).not.toContain('stolen');
  expect(await world.server.requestsTo('/token')).toHaveLength(1);
});

/** oidc-provider, a config for it with an account that is a person's, and command lines. */
class LoginWorld implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tokenkeep-login-'));
  readonly #running: RunningCli[] = [];

  private constructor(readonly server: RealServer) {
    mkdirSync(join(this.#folder, 'state'), { mode: 0o700 });
    const config = {
      store: join(this.#folder, 'state', 'tokens.db'),
      allowInsecureLoopback: true,
      providers: {
        idp: {
          use: 'oauth2',
          issuer: server.issuer,
          clientId: 'basic',
          clientSecret: '$' + '{CLIENT_SECRET}',
          authorizationParameters: { prompt: 'consent' },
        },
      },
      accounts: { crm: { provider: 'idp', scope: 'openid offline_access' } },
      parameters: { gapMs: 20 },
    };
    const path = join(this.#folder, 'tokenkeep.json');
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  }

  static async begin(settings: RealServerSettings = {}): Promise<LoginWorld> {
    return new LoginWorld(await RealServer.begin(settings));
  }

  start(args: readonly string[]): RunningCli {
    const env = { CLIENT_SECRET: this.server.secret };
    const cli = new RunningCli(args, { cwd: this.#folder, env });
    this.#running.push(cli);
    return cli;
  }

  run(args: readonly string[]): Promise<CliEnd> {
    return this.start(args).ended;
  }

  /** `tokenkeep login`, and a person who opens what it prints. */
  async logIn(args: readonly string[] = []): Promise<CliEnd> {
    const cli = this.start(['login', 'crm', ...args]);
    const page = await this.pageOf(cli);
    const { url } = await new UserAgent().visit(page.href);
    expect((await fetch(url)).status).toBe(200);
    return cli.ended;
  }

  async pageOf(cli: RunningCli): Promise<URL> {
    await cli.shows('code_challenge_method=S256');
    await cli.shows('\n\n');
    return new URL(/https?:\S+\/auth\?\S+/.exec(cli.written)?.[0] ?? '');
  }

  /** As its owner does in the vendor's settings. */
  async endGrant(accessToken: string): Promise<void> {
    const url = `${this.server.issuer}/grant-of/${accessToken}`;
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cli of this.#running) await cli.kill();
    await this.server[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
