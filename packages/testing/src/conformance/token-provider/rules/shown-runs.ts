import { Secret } from '@tokenkeep/core';
import { depart, holds } from '../departure.js';
import { named } from '../stage/named-error.js';
import type { ProviderScene, Run, RunOptions } from '../stage/provider-scene.js';
import { mintTokens, type StageTokens, sampleOf } from '../stage/sample-tokens.js';
import { sent } from '../stage/sent-reply.js';
import { lineOf, type Responder } from '../stage/stage-server.js';

export { named } from '../stage/named-error.js';

/** The revocation of a set, which the server grants unless told otherwise. */
export function revokeOne(
  scene: ProviderScene,
  tokens: StageTokens = mintTokens(),
  respond: Responder = () => sent(scene.described.revoke?.ok ?? {}),
  options: RunOptions = {},
): Promise<Run<void>> {
  const { access, refresh } = tokens;
  const secrets = { accessToken: new Secret(access), refreshToken: new Secret(refresh) };
  return scene.revoke(secrets, respond, options);
}

/** The inspection of a token that lives, unless told otherwise. */
export function inspectOne(
  scene: ProviderScene,
  access = mintTokens().access,
  respond?: Responder,
  options: RunOptions = {},
): Promise<Run<unknown>> {
  const { inspect } = scene.described;
  const sample = sampleOf({ ...mintTokens(), access }, scene.described, scene.server.now());
  return scene.inspect(access, respond ?? (() => sent(inspect?.active(sample) ?? {})), options);
}

/** @throws Departure unless just these requests were made */
export function compare(run: Run<unknown>, wanted: readonly string[]): void {
  const lines = run.asked.map(lineOf);
  const fits = lines.length === wanted.length && lines.every((line, at) => fit(line, wanted[at]));
  holds(
    fits,
    `${run.name} sent ${lines.join(', ') || 'nothing'} where ${wanted.join(', ')} is described`,
  );
}

/** `*` stands for one segment of a path, which may be secret. */
function fit(line: string, pattern = ''): boolean {
  const [parts, wanted] = [line.split('/'), pattern.split('/')];
  return (
    parts.length === wanted.length &&
    parts.every((part, at) => wanted[at] === '*' || wanted[at] === part)
  );
}

/** What a run that must succeed returned. @throws Departure where it threw */
export function returned<Result>(run: Run<Result>, when: string): NonNullable<Result> {
  if (run.threw) depart(`${run.name} threw ${named(run.error)} ${when}`);
  if (run.value === undefined || run.value === null) {
    depart(`${run.name} returned ${String(run.value)} ${when}`);
  }
  return run.value;
}

/** A token as text: a provider may have made a Secret of it already. */
export function plain(token: unknown): unknown {
  return Secret.is(token) ? token.reveal() : token;
}

/** A value of a reply in a few words. Long ones are tokens. */
export function shown(value: unknown): string {
  if (typeof value === 'string' && value.length > 24) return `a text of ${value.length} characters`;
  return value === undefined ? 'undefined' : (JSON.stringify(value) ?? String(value));
}

export function counted(requests: number): string {
  return requests === 1 ? '1 request' : `${requests} requests`;
}
