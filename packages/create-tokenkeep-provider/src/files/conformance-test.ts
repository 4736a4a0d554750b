import { functionName, type ProviderChoices } from '../provider-choices.js';

export function conformanceTest({ name, refreshToken, revocation }: ProviderChoices): string {
  const refreshes = refreshToken !== 'none';
  const [sample, body] = refreshes
    ? ['access, refresh, lifetime', 'token: access, refresh, seconds: lifetime']
    : ['access, lifetime', 'token: access, seconds: lifetime'];
  const factory = functionName(name);
  return `import test from 'node:test';
import { testTokenProvider } from '@tokenkeep/testing/conformance';
import { ${factory} } from '../src/index.js';

const denied = { status: 401, body: { error: 'denied' } };

testTokenProvider({
  test,
  provider: ({ url }) => ${factory}({ baseUrl: url }),
  credentials: { user: 'ada', password: 'correct horse' },
  wrongCredentials: { user: 'bob', password: 'battery staple' },
  // The server, as the vendor's documentation has it.
  server: {
    obtain: {
      request: 'POST /login',
      ok: ({ ${sample} }) => ({
        body: { ${body} },
      }),
      refused: denied,
    },
${refreshes ? "    refresh: { request: 'POST /refresh', refused: denied },\n" : ''}${revocation ? revoke : ''}    api: { rejected: denied, denied: { status: 403 } },
  },
});
`;
}

const revoke = `    revoke: {
      request: 'POST /logout',
      unknown: { status: 404, body: { error: 'unknown_token' } },
    },
`;
