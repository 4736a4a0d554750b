import { functionName, type ProviderChoices } from '../provider-choices.js';

export function readme({ name, baseUrl, refreshToken, revocation }: ProviderChoices): string {
  const factory = functionName(name);
  const rows = [
    ['the login is denied', '`credentials_rejected`: no further login until they change'],
    ...(refreshToken === 'none'
      ? []
      : [['the refresh token is denied', '`grant_rejected`: log in']]),
    ['429', '`throttled`: wait'],
    ['a server error', '`unavailable`: wait'],
    ['any other refusal', '`ambiguous`: ask again, three times at most'],
    ...(revocation ? [['the token to revoke is unknown', 'it is revoked']] : []),
  ];
  return `# tokenkeep-provider-${name}

A provider for Tokenkeep: it keeps access tokens of ${baseUrl} alive.

\`\`\`sh
npm install @tokenkeep/core @tokenkeep/store-sqlite tokenkeep-provider-${name}
\`\`\`

\`\`\`js
import { createTokenEngine } from '@tokenkeep/core';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { ${factory} } from 'tokenkeep-provider-${name}';

const { LOGIN_USER: user, LOGIN_PASSWORD: password } = process.env;
const engine = await createTokenEngine({
  store: sqliteStore({ path: 'data/tokens.db' }),
  providers: [${factory}()],
  accounts: [{ provider: '${name}', account: 'main', credentials: { user, password } }],
});
const token = await engine.getToken('main');
await engine.stop();
\`\`\`

In a configuration of the command line:

\`\`\`yaml
providers:
  ${name}: { use: tokenkeep-provider-${name} }
accounts:
  main: { provider: ${name}, credentials: { user: ada, password: '\${LOGIN_PASSWORD}' } }
\`\`\`

| situation | what the engine is told |
|---|---|
${rows.map(([situation, told]) => `| ${situation} | ${told} |`).join('\n')}

## Work on it

\`npm test\` builds it and tries the provider contract on it: \`test/conformance.test.ts\` says how the server
answers. \`npm publish\` tests first. Before the first release: \`npm pkg set repository=github:you/tokenkeep-provider-${name}\`.
`;
}
