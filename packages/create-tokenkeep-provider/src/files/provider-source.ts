import { functionName, type ProviderChoices, typeName } from '../provider-choices.js';

export function providerSource(choices: ProviderChoices): string {
  const { name, baseUrl, refreshToken, revocation } = choices;
  const [factory, type] = [functionName(name), typeName(name)];
  const methods = [obtain];
  if (refreshToken !== 'none') methods.push(refresh);
  if (revocation) methods.push(refreshToken === 'none' ? revokeAccess : revokeEither);
  const readers = revocation ? 'checkRevoked, readTokens' : 'readTokens';
  return `import { PROVIDER_CONTRACT, type TokenProvider } from '@tokenkeep/core';
import { type ${type}Credentials, credentials } from './credentials.js';
import type { ${type}Options } from './options.js';
import { profileOf } from './profile.js';
import { ${readers} } from './replies.js';

/** The HTTP of one authorization server. When to renew, and what to send again, is the engine's. */
export function ${factory}(options: ${type}Options = {}): TokenProvider<${type}Credentials> {
  const { id = '${name}', baseUrl = '${baseUrl}' } = options;
  return {
    contract: PROVIDER_CONTRACT,
    id,
    credentials,
    profile: profileOf(baseUrl),
${methods.join('')}
    authorize(headers, token) {
      headers.set('Authorization', \`Bearer \${token.reveal()}\`);
    },

    // "This token is dead", as opposed to "you may not do this".
    async isTokenRejection({ status }) {
      return status === 401;
    },
  };
}
`;
}

const obtain = `
    async obtain({ user, password }, call) {
      const json = { user, password };
      const reply = await call.send({ method: 'POST', url: \`\${baseUrl}/login\`, json });
      return readTokens(reply, 'credentials_rejected');
    },
`;

const refresh = `
    async refresh(refreshToken, call) {
      const json = { refresh: refreshToken };
      const reply = await call.send({ method: 'POST', url: \`\${baseUrl}/refresh\`, json });
      return readTokens(reply, 'grant_rejected');
    },
`;

const revokeEither = `
    // One token ends the whole grant; either may be missing.
    async revoke({ accessToken, refreshToken }, call) {
      const token = refreshToken ?? accessToken;
      if (token === undefined) return;
      const json = { token };
      checkRevoked(await call.send({ method: 'POST', url: \`\${baseUrl}/logout\`, json }));
    },
`;

const revokeAccess = `
    async revoke({ accessToken }, call) {
      if (accessToken === undefined) return;
      const json = { token: accessToken };
      checkRevoked(await call.send({ method: 'POST', url: \`\${baseUrl}/logout\`, json }));
    },
`;
