import type { AccountKeeper } from '../renewal/account-keeper.js';
import { providerError } from '../renewal/provider-error.js';
import type { AccessToken } from '../token/access-token.js';
import { apiReplyOf, type Patience } from './api-reply.js';
import type { WithTokenOptions } from './token-engine.js';

type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

/** The whole dance: call, recognise the refusal, renew, save, call once more. */
export async function withToken<Result>(
  keeper: AccountKeeper,
  patience: Patience,
  use: (token: AccessToken) => Result | Promise<Result>,
  options: WithTokenOptions<Result>,
): Promise<Result> {
  if (typeof use !== 'function') {
    throw new TypeError('withToken(key, use): `use` is not a function.');
  }
  const token = await keeper.getToken(options);
  const first = await outcomeOf(use, token);
  if (!(await isRejection(keeper, first, patience, options))) return settle(first);
  // Saved before it is used: the successor is handed out once it is durable.
  const successor = await keeper.successorOf(token.generation, options);
  return settle(await outcomeOf(use, successor));
}

async function outcomeOf<Result>(
  use: (token: AccessToken) => Result | Promise<Result>,
  token: AccessToken,
): Promise<Outcome<Result>> {
  try {
    return { result: await use(token) };
  } catch (error) {
    return { error };
  }
}

function settle<Result>(outcome: Outcome<Result>): Result {
  if ('result' in outcome) return outcome.result;
  throw outcome.error;
}

async function isRejection<Result>(
  keeper: AccountKeeper,
  outcome: Outcome<Result>,
  patience: Patience,
  { isRejection: judged }: WithTokenOptions<Result>,
): Promise<boolean> {
  if (judged !== undefined) return judged(outcome);
  const reply = apiReplyOf(outcome, patience);
  const { provider } = keeper.account;
  try {
    return reply !== undefined && (await provider.isTokenRejection(reply));
  } catch (error) {
    throw providerError(provider.id, error);
  }
}
