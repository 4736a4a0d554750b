import type {
  AccessToken,
  AccountHandle,
  AccountKey,
  TokenEngine,
  TokenRequestOptions,
  TokenSession,
} from '@tokenkeep/core';
import type { SimProcess } from '../host/sim-process.js';
import { Question } from '../question.js';
import type { Stage } from './stage.js';

/**
 * The engine of a process as the service's own code has it: each call is made inside the process,
 * lives and dies with it, and each token that is handed out is judged.
 */
export function observedEngine(
  stage: Stage,
  process: SimProcess,
  engine: TokenEngine,
): TokenEngine {
  const { simulation } = stage;
  const inside = <Value>(what: string, work: () => Promise<Value>) =>
    stage.inside(process, what, work);

  /** An account another process has just added is known only once it has been asked for. */
  function question(key: AccountKey, waitMs?: number): Question | undefined {
    try {
      return new Question(simulation, process, engine.account(key).id, waitMs);
    } catch {
      return undefined;
    }
  }

  async function judged(
    key: AccountKey,
    waitMs: number | undefined,
    ask: () => Promise<AccessToken>,
  ): Promise<AccessToken> {
    const asking = question(key, waitMs);
    try {
      const token = await ask();
      asking?.served(token);
      return token;
    } catch (error) {
      tellRefusal(asking, error);
      throw error;
    }
  }

  /** What was asked for by hand may rightly fail while a token lives: only tokens are judged. */
  async function byHand(key: AccountKey, act: () => Promise<AccessToken>): Promise<AccessToken> {
    const token = await act();
    question(key)?.served(token);
    return token;
  }

  const asked = (
    key: AccountKey,
    options: TokenRequestOptions | undefined,
    from = engine.getToken,
  ) =>
    inside(`getToken ${nameOf(key)}`, () =>
      judged(key, options?.waitMs, () => from.call(engine, key, options)),
    );

  function peeked(key: AccountKey, token: AccessToken | undefined): AccessToken | undefined {
    if (token !== undefined) question(key)?.served(token);
    return token;
  }

  function observedAccount(key: AccountKey): AccountHandle {
    const handle = engine.account(key);
    return {
      ...handle,
      getToken: (options) => asked(key, options, () => handle.getToken(options)),
      peek: () => peeked(key, handle.peek()),
    };
  }

  function observedSession(key: AccountKey, session: TokenSession): TokenSession {
    return {
      getToken: (options) => asked(key, options, () => session.getToken(options)),
      [Symbol.asyncDispose]: () =>
        inside(`end of a session of ${nameOf(key)}`, async () => {
          await session[Symbol.asyncDispose]();
        }),
    };
  }

  const { accounts } = engine;
  const stop: TokenEngine['stop'] = (options) => inside('stop', () => engine.stop(options));

  return {
    getToken: (key, options) => asked(key, options),
    account: observedAccount,
    peek: (key) => peeked(key, engine.peek(key)),
    withToken: (key, use, options) =>
      inside(`withToken ${nameOf(key)}`, async () => {
        let open = question(key, options?.waitMs);
        let isFirst = true;
        const judgedUse: typeof use = (token) => {
          // The second token comes after a refusal: another question, answered at once.
          if (!isFirst) open = question(key);
          isFirst = false;
          open?.served(token);
          return use(token);
        };
        try {
          return await engine.withToken(key, judgedUse, options);
        } catch (error) {
          if (isFirst) tellRefusal(open, error);
          throw error;
        }
      }),
    reject: (key, generation) => engine.reject(key, generation),
    renew: (key, options) =>
      inside(`renew ${nameOf(key)}`, () => byHand(key, () => engine.renew(key, options))),
    login: (key, options) =>
      inside(`login ${nameOf(key)}`, () => byHand(key, () => engine.login(key, options))),
    rotate: (key, options) =>
      inside(`rotate ${nameOf(key)}`, () => byHand(key, () => engine.rotate(key, options))),
    revoke: (key) => inside(`revoke ${nameOf(key)}`, () => engine.revoke(key)),
    session: (key) => observedSession(key, engine.session(key)),
    withSession: (key, use) =>
      inside(`withSession ${nameOf(key)}`, () =>
        engine.withSession(key, (session) => use(observedSession(key, session))),
      ),
    accounts: {
      list: () => accounts.list(),
      add: (config, options) =>
        inside(`accounts.add ${config.account}`, () => accounts.add(config, options)),
      import: (key, tokens) =>
        inside(`accounts.import ${nameOf(key)}`, () => accounts.import(key, tokens)),
      remove: (key, options) =>
        inside(`accounts.remove ${nameOf(key)}`, () => accounts.remove(key, options)),
    },
    status: (key) => inside(`status ${nameOf(key)}`, () => engine.status(key)),
    health: () => engine.health(),
    start: () => engine.start(),
    tick: () => inside('tick', () => engine.tick()),
    stop,
    on: (name, listener) => engine.on(name, listener),
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** A TypeError is the caller's own mistake. */
function tellRefusal(question: Question | undefined, error: unknown): void {
  if (error instanceof TypeError) question?.withdrawn();
  else question?.refused(error);
}

function nameOf(key: AccountKey): string {
  return typeof key === 'string' ? key : `${key.provider}/${key.account}`;
}
