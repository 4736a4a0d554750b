import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Inspection,
  type IssuedTokens,
  type LiveTokens,
  nodeHttpExchange,
  type ProviderCall,
  Secret,
  type TokenProvider,
  type TokenRequest,
} from '@tokenkeep/core';
import { TestClock } from '../../../clock/test-clock.js';
import { trackedExchange } from '../../../clock/tracked-exchange.js';
import type { Fault } from '../../../server/faults/fault.js';
import type { ServerRequest } from '../../../server/server-request.js';
import { Departure, depart, NotTried } from '../departure.js';
import type { DescribedReply, DescribedServer, SampleTokens } from '../described-server.js';
import { factsOf, type GrantOperation, grantOf, type ProviderFacts } from '../provider-facts.js';
import type { TokenProviderTests } from '../token-provider-tests.js';
import { borrowCall } from './borrowed-call.js';
import { type Watched, wrongInEvery } from './every-run.js';
import type { Ended, Run } from './run.js';
import { mintTokens, type StageTokens, sampleOf } from './sample-tokens.js';
import { shortestSecret } from './secret-search.js';
import { secretsIn } from './secrets-in.js';
import { forwarded, sent } from './sent-reply.js';
import { lineOf, type Responder, StageServer, textOf } from './stage-server.js';
import { inside, StrayWork } from './stray-work.js';
import { WatchedCall, type WatchedCallOptions } from './watched-call.js';

export type { Run } from './run.js';

export interface RunOptions extends WatchedCallOptions {
  readonly provider?: TokenProvider;
  /** As the schema made them. */
  readonly credentials?: unknown;
}

/** What a rule is shown on: a provider, and a server that does as the rule says. */
export class ProviderScene {
  readonly clock = new TestClock();
  readonly server: StageServer;
  readonly exchange = trackedExchange(this.clock, nodeHttpExchange(this.clock));
  readonly #made: TokenProvider[] = [];
  /** What making a provider set in motion. */
  readonly making = new StrayWork();
  readonly #watched: Watched[] = [];
  readonly #tokens = new Map<string, string>();

  constructor(readonly tests: TokenProviderTests) {
    this.server = new StageServer(this.clock, tests.server.preliminary);
  }

  get described(): DescribedServer {
    return this.tests.server;
  }

  /** The one provider that most rules need. */
  get provider(): TokenProvider {
    const [first = this.anotherProvider()] = this.#made;
    return first;
  }

  get facts(): ProviderFacts {
    return factsOf(this.provider, this.tests);
  }

  anotherProvider(): TokenProvider {
    const { url } = this.server;
    const provider = inside(this.making, () => this.tests.provider({ url }));
    this.#made.push(provider);
    return provider;
  }

  /** The credentials as the schema makes them, or those of the other account. */
  async credentials(whose: 'right' | 'wrong' = 'right'): Promise<unknown> {
    const { credentials, wrongCredentials } = this.tests;
    const given = whose === 'right' ? credentials : wrongCredentials;
    const checked = await this.provider.credentials['~standard'].validate(given);
    if (checked.issues === undefined) return checked.value;
    throw new NotTried('the schema refuses the credentials of the description.');
  }

  /** The secret texts of both accounts, by name. */
  async secrets(): Promise<Readonly<Record<string, string>>> {
    const found = secretsIn(this.tests, [
      await this.credentials(),
      await this.credentials('wrong'),
    ]);
    for (const [name, text] of Object.entries(found)) {
      if (text.length >= shortestSecret) continue;
      throw new TypeError(
        `The secret "${name}" of the description is shorter than ${shortestSecret} characters, and ` +
          'would be found in anything. Give a longer one.',
      );
    }
    return found;
  }

  obtain(respond: Responder, options: RunOptions = {}): Promise<Run<IssuedTokens>> {
    const { provider = this.provider } = options;
    return this.#run('obtain()', respond, options, (credentials, call) =>
      provider.obtain(credentials, call),
    );
  }

  refresh(token: string, respond: Responder, options: RunOptions = {}): Promise<Run<IssuedTokens>> {
    const { provider = this.provider } = options;
    this.#tokens.set(token, 'refresh token');
    return this.#run('refresh()', respond, options, async (credentials, call) => {
      if (provider.refresh === undefined) throw new TypeError('there is no refresh()');
      return provider.refresh(new Secret(token), call, credentials);
    });
  }

  /** A login, or the refresh of a token that the server knows. */
  async grant(
    operation: GrantOperation,
    respond: Responder,
    options: RunOptions & { readonly token?: string } = {},
  ): Promise<Run<IssuedTokens>> {
    if (operation === 'obtain') return this.obtain(respond, options);
    const token = options.token ?? (await this.livingRefreshToken());
    return this.refresh(token, respond, options);
  }

  revoke(tokens: LiveTokens, respond: Responder, options: RunOptions = {}): Promise<Run<void>> {
    const { accessToken, refreshToken } = tokens;
    if (accessToken !== undefined) this.#tokens.set(accessToken.reveal(), 'access token');
    if (refreshToken !== undefined) this.#tokens.set(refreshToken.reveal(), 'refresh token');
    return this.#run('revoke()', respond, options, async (credentials, call) =>
      this.provider.revoke?.(tokens, call, credentials),
    );
  }

  inspect(
    token: string,
    respond: Responder,
    options: RunOptions = {},
  ): Promise<Run<Inspection | undefined>> {
    this.#tokens.set(token, 'access token');
    return this.#run('inspect()', respond, options, async (credentials, call) =>
      this.provider.inspect?.(new Secret(token), call, credentials),
    );
  }

  /** Two grants at once, of which the first one's requests wait until the second one has ended. */
  async both(
    first: (call: ProviderCall) => Promise<IssuedTokens>,
    second: (call: ProviderCall) => Promise<IssuedTokens>,
    respond: Responder,
  ): Promise<readonly [Ended, Ended]> {
    this.server.begin(respond);
    let ended = () => {};
    const secondEnded = new Promise<void>((resolve) => {
      ended = resolve;
    });
    // Who waits for the first one waits for ever: that is found out, and not waited for.
    const gate = async ({ preliminary }: TokenRequest) => {
      // What is public may be asked for once, for both.
      if (preliminary) return;
      const given = new AbortController();
      await Promise.race([secondEnded, sleep(1_000, undefined, given).catch(() => {})]);
      given.abort();
    };
    const got: Ended[] = [];
    await borrowCall(this.clock, this.exchange, async (lent) => {
      const calls = [
        new WatchedCall(lent, this.clock, { gate }),
        new WatchedCall(lent, this.clock),
      ];
      const run = async (call: WatchedCall, grant: typeof first): Promise<Ended> => {
        const issued = await call.during(() => grant(call)).catch(() => undefined);
        return { issued, sends: call.sends };
      };
      const [one, two] = calls as [WatchedCall, WatchedCall];
      got.push(...(await Promise.all([run(one, first), run(two, second).finally(() => ended())])));
    });
    const none: Ended = { issued: undefined, sends: [] };
    return [got[0] ?? none, got[1] ?? none];
  }

  /** The good replies of an operation, to its first request and to those that follow. */
  good(
    operation: GrantOperation,
    tokens: Partial<StageTokens> = mintTokens(),
    change: (sample: SampleTokens) => SampleTokens = (sample) => sample,
  ): Responder {
    return this.replying(operation, (ok) => ok(change(this.sample(tokens))));
  }

  /** The good replies of an operation, until one of its requests, counted from 0, meets this. */
  goodUntil(
    operation: GrantOperation,
    at: number,
    trouble: Fault,
    tokens: Partial<StageTokens> = mintTokens(),
  ): Responder {
    const good = this.good(operation, tokens);
    return (request, index) => (index < at ? good(request, index) : trouble);
  }

  /** How many requests an operation takes. */
  requestsOf(operation: GrantOperation): number {
    return 1 + (grantOf(this.described, operation).followedBy ?? []).length;
  }

  /** What a good reply carries, now. */
  sample(tokens: Partial<StageTokens>): SampleTokens {
    const { access, refresh } = tokens;
    if (access !== undefined) this.#tokens.set(access, 'access token');
    if (refresh !== undefined) this.#tokens.set(refresh, 'refresh token');
    return sampleOf(tokens, this.described, this.server.now());
  }

  /** The reply in which the tokens come. */
  goodReply(
    operation: GrantOperation,
    tokens: Partial<StageTokens>,
    change: (sample: SampleTokens) => SampleTokens = (sample) => sample,
  ): DescribedReply {
    return grantOf(this.described, operation).ok?.(change(this.sample(tokens))) ?? {};
  }

  /** Whether its replies are JSON objects, whose members can be varied. */
  speaksJson(operation: GrantOperation): boolean {
    const { body } = this.goodReply(operation, mintTokens());
    return typeof body === 'object' && body !== null && !Array.isArray(body);
  }

  /** Replies that are made from the described ones. */
  replying(
    operation: GrantOperation,
    reply: (ok: (sample: SampleTokens) => DescribedReply) => DescribedReply,
  ): Responder {
    const { followedBy = [], ...first } = grantOf(this.described, operation);
    const steps = [first, ...followedBy];
    return (_request, index) => {
      const step = steps[Math.min(index, steps.length - 1)] ?? first;
      const { ok } = step;
      if (ok !== undefined) return sent(reply(ok));
      if (this.described.url !== undefined) return forwarded(this.described.url);
      throw new TypeError(`Describe the good reply of ${step.request}: ok, or a url that answers.`);
    };
  }

  /** A refresh token that is good for one refresh. */
  async livingRefreshToken(): Promise<string> {
    if (this.facts.scripted) return mintTokens().refresh;
    const { value, error } = await this.obtain(this.good('obtain'));
    const token = value?.refreshToken;
    if (typeof token === 'string') return token;
    if (Secret.is(token)) return token.reveal();
    return depart(`A login at your server brought no refresh token (${String(error ?? token)}).`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }

  /** How many requests an operation makes at most. */
  #mostOf(name: string): number {
    if (name === 'revoke()') return 2;
    return name === 'inspect()' ? 1 : this.requestsOf(name === 'refresh()' ? 'refresh' : 'obtain');
  }

  /** What no rule looks for, and no run may show. */
  async departures(): Promise<readonly Departure[]> {
    const secrets = this.#watched.length === 0 ? {} : await this.secrets();
    const seen = { secrets: Object.entries(secrets), tokens: [...this.#tokens] };
    return [...wrongInEvery(this.#watched, seen)];
  }

  async #run<Result>(
    name: string,
    respond: Responder,
    options: RunOptions,
    operation: (credentials: unknown, call: ProviderCall) => Promise<Result>,
  ): Promise<Run<Result>> {
    const credentials = 'credentials' in options ? options.credentials : await this.credentials();
    this.server.begin(respond);
    let watched: WatchedCall | undefined;
    let end: Pick<Run<Result>, 'value' | 'error' | 'threw'> | undefined;
    await borrowCall(this.clock, this.exchange, async (lent) => {
      const call = new WatchedCall(lent, this.clock, options);
      watched = call;
      try {
        const value = await call.during(() => operation(credentials, call));
        end = { value, error: undefined, threw: false };
      } catch (error) {
        end = { value: undefined, error, threw: true };
      }
    });
    const asked = this.server.seen;
    if (this.server.problem !== undefined) throw this.server.problem;
    if (end === undefined) {
      throw new Departure(
        `${name} did not end within the limit of an operation: it waits for something that is no ` +
          `reply (${asked.map(lineOf).join(', ') || 'nothing was sent'})`,
      );
    }
    if (end.error instanceof Departure) throw end.error;
    const { sends = [], preliminary = [] } = watched ?? {};
    const run = { name, ...end, sends, preliminary, asked };
    if (watched !== undefined) {
      this.#watched.push({ run, call: watched, most: this.#mostOf(name) });
    }
    return run;
  }
}

/** Whether a request carries this text, in whichever place and encoding. */
export function carries(request: ServerRequest, text: string): boolean {
  return textOf(request).includes(text);
}
