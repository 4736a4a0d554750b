import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type AccountConfig,
  createTokenEngine,
  type EventName,
  eventNames,
  type HttpExchange,
  type Logger,
  nodeHttpExchange,
  type Parameters,
  systemClock,
  type TokenEngine,
} from '@tokenkeep/core';
import { type AuthRefreshOptions, authRefresh } from '@tokenkeep/provider-auth-refresh';
import { keysOf, type StoreSettings, storeOf } from '@tokenkeep/servers';
import { realNow } from './time-scale.js';
import { ATTEMPT_HEADER } from './witnessed-authority.js';

/** What an engine of the run is made of, in words that can be sent to a process. */
export interface EngineSettings {
  readonly store: StoreSettings;
  readonly providers: readonly AuthRefreshOptions[];
  readonly accounts: readonly AccountConfig[];
  readonly parameters: Partial<Parameters>;
  /** Of each account with credentials. */
  readonly loginBudget: LoginBudget;
}

export interface LoginBudget {
  readonly limit: number;
  readonly windowMs: number;
  readonly burst: number;
  readonly refillMs: number;
}

/** What an engine says while it runs. Times are real. */
export type Told =
  | { readonly told: EventName; readonly at: number; readonly facts: EventFacts }
  | {
      readonly told: 'point';
      readonly at: number;
      readonly attemptId: string;
      readonly point: string;
    }
  /** From the last byte of a reply until its pair was durable in escrow. */
  | {
      readonly told: 'window';
      readonly at: number;
      readonly attemptId: string;
      readonly ms: number;
    };

export interface EventFacts {
  readonly account?: string;
  readonly generation?: number;
  readonly attemptId?: string;
  readonly operation?: string;
  readonly code?: string;
  readonly reason?: string;
}

/**
 * The shipped engine, whose requests carry the id of their attempt, so that the run can tell which
 * process, kill or cut a request of the servers' logs belongs to.
 */
export async function witnessedEngine(
  settings: EngineSettings,
  tell: (told: Told) => void,
  logger?: Logger,
): Promise<TokenEngine> {
  const { store, providers, accounts, parameters, loginBudget } = settings;
  const attempts = new AsyncLocalStorage<string>();
  const repliedAt = new Map<string, number>();
  const budgets = [
    {
      operation: 'obtain' as const,
      ...loginBudget,
      key: (credentials: unknown) => (credentials as { username: string }).username,
    },
  ];
  const engine = await createTokenEngine({
    ...keysOf(store),
    store: storeOf(store),
    providers: providers.map((options) => authRefresh({ ...options, budgets })),
    accounts,
    parameters,
    allowInsecureLoopback: true,
    ...(logger === undefined ? {} : { logger }),
    exchange: namingAttempts(attempts, repliedAt),
    crashProbe: (point) => {
      const attemptId = attempts.getStore();
      if (attemptId === undefined) return;
      const at = realNow();
      tell({ told: 'point', at, attemptId, point });
      const from = repliedAt.get(attemptId);
      if (point !== 'CP7' || from === undefined) return;
      repliedAt.delete(attemptId);
      tell({ told: 'window', at, attemptId, ms: at - from });
    },
  });
  for (const name of eventNames) {
    engine.on(name, (event) => {
      const { account, generation, attemptId, operation, error, reason } = event as {
        readonly error?: { readonly code: string; readonly reason?: string };
      } & EventFacts;
      // From here on, all that this attempt does is done in its name.
      if (name === 'renewal:started' && attemptId !== undefined) attempts.enterWith(attemptId);
      const why = error?.reason ?? reason;
      const facts = {
        ...(account === undefined ? {} : { account: nameOf(account) }),
        ...(generation === undefined ? {} : { generation }),
        ...(attemptId === undefined ? {} : { attemptId }),
        ...(operation === undefined ? {} : { operation }),
        ...(error === undefined ? {} : { code: error.code }),
        ...(why === undefined ? {} : { reason: why }),
      };
      tell({ told: name, at: realNow(), facts });
    });
  }
  return engine;
}

/** Engines say provider/account, servers the account alone. */
function nameOf(account: string): string {
  return account.split('/').at(-1) ?? account;
}

function namingAttempts(
  attempts: AsyncLocalStorage<string>,
  repliedAt: Map<string, number>,
): HttpExchange {
  const exchange = nodeHttpExchange(systemClock());
  return {
    async send(request, hooks) {
      const attemptId = attempts.getStore();
      if (attemptId === undefined) return exchange.send(request, hooks);
      const headers = { ...request.headers, [ATTEMPT_HEADER]: attemptId };
      const reply = await exchange.send({ ...request, headers }, hooks);
      repliedAt.set(attemptId, realNow());
      return reply;
    },
  };
}
