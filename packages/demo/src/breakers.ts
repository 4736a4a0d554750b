import { setTimeout as sleep } from 'node:timers/promises';
import { AuthRefreshAuthority } from '@tokenkeep/testing';
import type { Member } from './cast.js';
import type { Breakage } from './command-line.js';
import type { Screen } from './screen.js';
import type { Stage } from './stage.js';

interface Scene {
  readonly stage: Stage;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** Really does what it says, to the real servers: the summary is told nothing. */
export async function breakPromise(breakage: Breakage, scene: Scene): Promise<void> {
  await breakers[breakage](scene);
}

const breakers: Readonly<Record<Breakage, (scene: Scene) => Promise<void>>> = {
  replay: replayUsedToken,
  loop: runInALoop,
  'serve-expired': useExpiredToken,
};

/** A peer without the shared store still has the refresh token of an hour ago. */
async function replayUsedToken({ stage, screen, signal }: Scene): Promise<void> {
  const { fleet } = stage.cast;
  const { truth, url } = fleet.server;
  const stale = truth.current(fleet.name)?.refresh;
  if (stale === undefined) return;
  careless(screen, fleet, 'a peer copies the refresh token', stale.generation);
  while (stale.usedAt === undefined) await sleep(50, undefined, { signal });
  await sleep(500, undefined, { signal });
  const reply = await postJson(`${url}/auth/refresh`, { refresh_token: stale.token });
  careless(screen, fleet, `it sends the used one: answered ${reply.status}`, stale.generation);
}

/** Refreshes until it holds a token that lives, at a server that gives none. Real ones exist. */
async function runInALoop({ stage, screen, signal }: Scene): Promise<void> {
  const account = { accountId: 'loop', username: 'loop', password: 'loop-password' };
  const rules = { accessLifeMs: 0 };
  await using server = await new AuthRefreshAuthority({ accounts: [account], rules }).start();
  const naive: Member = {
    ...stage.cast.fleet,
    id: 'naive/loop',
    name: account.accountId,
    server,
  };
  stage.cast.members.push(naive);
  const { username, password } = account;
  let pair = await tokensIn(await postJson(`${server.url}/auth/login`, { username, password }));
  careless(screen, naive, 'logs in; the token has already ended', 1);
  const until = Date.now() + 1_500;
  let requests = 1;
  while (pair.tokenLifetime <= 0 && Date.now() < until) {
    const body = { refresh_token: pair.refreshToken };
    pair = await tokensIn(await postJson(`${server.url}/auth/refresh`, body));
    requests += 1;
    if (requests <= 4) careless(screen, naive, 'refreshes at once; ended as well', requests);
    signal.throwIfAborted();
  }
  careless(screen, naive, `${requests} token requests in 1.5 s`, requests);
}

/** A caller keeps the string instead of asking for it. */
async function useExpiredToken({ stage, screen, signal }: Scene): Promise<void> {
  const { fleet } = stage.cast;
  const { url, truth } = fleet.server;
  const token = await stage.engine.getToken(fleet.name);
  careless(screen, fleet, 'a caller keeps the token for later', token.generation);
  const endsAt = truth.tokens.set(token.reveal())?.accessEndsAt ?? token.expiresAt;
  await sleep(Math.max(0, endsAt - Date.now()) + 700, undefined, { signal });
  const reply = await fetch(url + fleet.apiPath, { headers: token.headers() });
  await reply.body?.cancel();
  const text = `and calls with it after its end: ${reply.status}`;
  careless(screen, fleet, text, token.generation);
}

function careless(screen: Screen, { id }: Member, text: string, generation: number): void {
  screen.happening({ kind: 'careless', account: id, text, generation });
}

async function postJson(url: string, body: Record<string, string>): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function tokensIn(reply: Response) {
  return (await reply.json()) as { readonly refreshToken: string; readonly tokenLifetime: number };
}
