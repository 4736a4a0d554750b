import { PROVIDER_CONTRACT, type Secret, type TokenProvider } from '@tokenkeep/core';
import { type ChatAppCredentials, chatAppCredentials } from './credentials.js';
import type { ChatAppSettings } from './options.js';
import { chatAppProfile } from './profile.js';
import { isTokenRejection, readCheck, readPair } from './replies.js';

/** `chatApp()` with its options read. There is no endpoint that revokes. */
export function chatAppProvider(settings: ChatAppSettings): TokenProvider<ChatAppCredentials> {
  const { id, baseUrl, lang, scheme } = settings;
  const headers = { Accept: 'application/json', ...(lang === undefined ? {} : { Lang: lang }) };
  const authorization = (token: string) => (scheme === 'bare' ? token : `${scheme} ${token}`);
  return {
    contract: PROVIDER_CONTRACT,
    id,
    profile: chatAppProfile(settings),
    credentials: chatAppCredentials,

    async obtain({ email, password, appId }, call) {
      const reply = await call.send({
        method: 'POST',
        url: `${baseUrl}/v1/tokens`,
        headers,
        json: { email, password, appId },
      });
      return readPair('obtain', reply, call);
    },

    async refresh(refreshToken: Secret, call) {
      const reply = await call.send({
        method: 'POST',
        url: `${baseUrl}/v1/tokens/refresh`,
        headers: { ...headers, Refresh: refreshToken },
      });
      return readPair('refresh', reply, call);
    },

    async inspect(accessToken: Secret, call) {
      const reply = await call.send({
        method: 'GET',
        url: `${baseUrl}/v1/tokens/check`,
        headers: { ...headers, Authorization: accessToken.map(authorization) },
      });
      return readCheck(reply, call);
    },

    authorize(requestHeaders, token) {
      requestHeaders.set('Authorization', authorization(token.reveal()));
    },

    isTokenRejection,
  };
}
