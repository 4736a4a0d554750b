import type { KnownAccount } from '../provider/account-registry.js';
import type { AccountSummary } from './token-engine.js';

export function accountSummary({ id, name, provider }: KnownAccount): AccountSummary {
  return { id, name, provider: provider.id };
}
