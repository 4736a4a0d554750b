import type { TokenProvider } from '@tokenkeep/core';
import type { ChatAppCredentials } from './credentials.js';
import { type ChatAppOptions, readOptions } from './options.js';
import { chatAppProvider } from './provider.js';

/**
 * The ChatApp API (https://api.chatapp.online): `tokens.make`, `tokens.refresh`, `tokens.check`.
 *
 * ChatApp asks its clients not to renew just in case and counts logins: 100 a day for each e-mail
 * and app id. So a token is used until it has ended or is refused, then refreshed; the engine logs
 * in only where refreshing is impossible, and leaves 10 of the day's 100 to people.
 * Source: https://help.chatapp.online/en/wiki_content/access-token-retrieval/
 *
 * ```ts
 * const engine = await createTokenEngine({
 *   store: sqliteStore({ path: 'tokens.db' }),
 *   providers: [chatApp()],
 *   accounts: [{ provider: 'chatapp', account: 'crm', credentials: { email, password, appId } }],
 * });
 * ```
 *
 * @throws TokenError `CONFIGURATION_INVALID` naming the option that is wrong
 */
export function chatApp(options: ChatAppOptions = {}): TokenProvider<ChatAppCredentials> {
  return chatAppProvider(readOptions(options));
}
