// A host written in CommonJS: `node commonjs-host.cjs <json>`. Uses the built packages.
const { createTokenEngine } = require('@tokenkeep/core');
const di = require('@tokenkeep/core/di');
const { authRefresh } = require('@tokenkeep/provider-auth-refresh');

async function main() {
  const { url, credentials } = JSON.parse(process.argv[2] ?? '{}');
  const engine = await createTokenEngine({
    providers: [authRefresh({ id: 'crm-api', baseUrl: url })],
    accounts: [{ provider: 'crm-api', account: 'crm', credentials }],
    allowInsecureLoopback: true,
  });
  const token = await engine.getToken('crm');
  const { authorization } = token.headers();
  await engine.stop();
  const { generation } = token;
  const facts = { generation, authorization, di: Object.keys(di).sort() };
  process.stdout.write(JSON.stringify(facts));
}

main();
