import {
  type Inspection,
  type IssuedTokens,
  type LiveTokens,
  nodeHttpExchange,
  type ProviderCall,
  Secret,
  type TokenProvider,
} from '@tokenkeep/core';
import { TestClock } from '../../../clock/test-clock.js';
import { trackedExchange } from '../../../clock/tracked-exchange.js';
import type { Fault } from '../../../server/faults/fault.js';
import type { ServerRequest } from '../../../server/server-request.js';
import { Departure, depart } from '../departure.js';
import type { DescribedReply, DescribedServer, SampleTokens } from '../described-server.js';
import { factsOf, type GrantOperation, grantOf, type ProviderFacts } from '../provider-facts.js';
import type { TokenProviderTests } from '../token-provider-tests.js';
import { borrowCall } from './borrowed-call.js';
import { mintTokens, type StageTokens, sampleOf } from './sample-tokens.js';
import { shortestSecret } from './secret-search.js';
import { secretsIn } from './secrets-in.js';
import { forwarded, sent } from './sent-reply.js';
import { lineOf, type Responder, StageServer, textOf } from './stage-server.js';
import { type Send, WatchedCall } from './watched-call.js';

/** How one operation ended, and what was asked meanwhile. */
export interface Run<Result> {
  readonly name: string;
  readonly value: Result | undefined;
  /** What was thrown; `undefined` where nothing was. */
  readonly error: unknown;
  readonly threw: boolean;
  readonly sends: readonly Send[];
  readonly preliminary: readonly Send[];
  /** Requests that reached the server, whichever way. */
  readonly asked: readonly ServerRequest[];
}

export interface RunOptions {
  readonly provider?: TokenProvider;
  /** As the schema made them. */
  readonly credentials?: unknown;
  /** Aborts the operation, as its limit would. */
  readonly cut?: AbortSignal;
}

/** What a rule is shown on: a provider, and a server that does as the rule says. */
export class ProviderScene {
  readonly clock = new TestClock();
  readonly server: StageServer;
  readonly exchange = trackedExchange(this.clock, nodeHttpExchange(this.clock));
  readonly #made: TokenProvider[] = [];

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
    const provider = this.tests.provider({ url: this.server.url });
    this.#made.push(provider);
    return provider;
  }

  /** The credentials as the schema makes them, or those of the other account. */
  async credentials(whose: 'right' | 'wrong' = 'right'): Promise<unknown> {
    const { credentials, wrongCredentials } = this.tests;
    const given = whose === 'right' ? credentials : wrongCredentials;
    const checked = await this.provider.credentials['~standard'].validate(given);
    if (checked.issues === undefined) return checked.value;
    const problems = checked.issues.map(({ message }) => message).join('; ');
    return depart(
      `The schema refuses the ${whose === 'right' ? 'credentials' : 'wrongCredentials'} of the description: ${problems}`,
    );
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
    return this.#run('obtain()', respond, options.cut, async (call) => {
      const credentials = 'credentials' in options ? options.credentials : await this.credentials();
      return provider.obtain(credentials, call);
    });
  }

  refresh(token: string, respond: Responder, options: RunOptions = {}): Promise<Run<IssuedTokens>> {
    const { provider = this.provider } = options;
    return this.#run('refresh()', respond, options.cut, async (call) => {
      const credentials = 'credentials' in options ? options.credentials : await this.credentials();
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

  revoke(tokens: LiveTokens, respond: Responder): Promise<Run<void>> {
    return this.#run('revoke()', respond, undefined, async (call) =>
      this.provider.revoke?.(tokens, call, await this.credentials()),
    );
  }

  inspect(token: string, respond: Responder): Promise<Run<Inspection | undefined>> {
    return this.#run('inspect()', respond, undefined, async (call) =>
      this.provider.inspect?.(new Secret(token), call, await this.credentials()),
    );
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
    return depart(`A login at your server brought no refresh token (${String(error ?? token)}).`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }

  async #run<Result>(
    name: string,
    respond: Responder,
    cut: AbortSignal | undefined,
    operation: (call: ProviderCall) => Promise<Result>,
  ): Promise<Run<Result>> {
    this.server.begin(respond);
    let watched: WatchedCall | undefined;
    let end: Pick<Run<Result>, 'value' | 'error' | 'threw'> | undefined;
    await borrowCall(this.clock, this.exchange, async (lent) => {
      const call = new WatchedCall(lent, this.clock, cut);
      watched = call;
      try {
        const value = await call.during(() => operation(call));
        end = { value, error: undefined, threw: false };
      } catch (error) {
        end = { value: undefined, error, threw: true };
      }
    });
    const asked = this.server.seen;
    if (end === undefined) {
      throw new Departure(
        `${name} did not end within the limit of an operation: it waits for something that is no ` +
          `reply (${asked.map(lineOf).join(', ') || 'nothing was sent'})`,
      );
    }
    if (end.error instanceof Departure) throw end.error;
    const { sends = [], preliminary = [] } = watched ?? {};
    return { name, ...end, sends, preliminary, asked };
  }
}

/** Whether a request carries this text, in whichever place and encoding. */
export function carries(request: ServerRequest, text: string): boolean {
  return textOf(request).includes(text);
}
