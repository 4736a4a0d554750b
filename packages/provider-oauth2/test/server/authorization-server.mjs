// A server that is not ours: oidc-provider, on a port of this machine. Settings are a line of JSON on
// stdin; the answer is { url }. What it was asked, and what it did, is at /log.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const API = 'https://api.example.com';

/** @type {string} */
const line = (await createInterface(process.stdin)[Symbol.asyncIterator]().next()).value;
const settings = JSON.parse(line);

const grants = [
  'authorization_code',
  'client_credentials',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
];
const common = {
  grant_types: grants,
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1/callback'],
  application_type: 'native',
};

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const url = `http://127.0.0.1:${port}`;

const provider = new Provider(url, {
  clients: [
    {
      ...common,
      client_id: 'basic',
      client_secret: settings.secret,
      token_endpoint_auth_method: 'client_secret_basic',
    },
    {
      ...common,
      client_id: 'post',
      client_secret: settings.secret,
      token_endpoint_auth_method: 'client_secret_post',
    },
    {
      ...common,
      client_id: 'signing',
      token_endpoint_auth_method: 'private_key_jwt',
      ...(settings.jwks && { jwks: settings.jwks }),
      token_endpoint_auth_signing_alg: 'ES256',
    },
    {
      ...common,
      grant_types: grants.filter((grant) => grant !== 'client_credentials'),
      client_id: 'public',
      token_endpoint_auth_method: 'none',
    },
  ].filter(({ client_id }) => client_id !== 'signing' || settings.jwks),
  cookies: { keys: ['of no value'] },
  scopes: ['openid', 'offline_access', 'read', 'write'],
  ttl: {
    AccessToken: settings.accessLifeS ?? 600,
    ClientCredentials: settings.accessLifeS ?? 600,
    RefreshToken: 86_400,
    AuthorizationCode: 60,
    DeviceCode: 1_800,
    Grant: 86_400,
    IdToken: 600,
    Interaction: 600,
    Session: 600,
  },
  rotateRefreshToken: true,
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    dPoP: {
      enabled: true,
      ...(settings.dpopNonce && {
        nonceSecret: Buffer.alloc(32, 7),
        requireNonce: () => true,
      }),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_ctx, resource) => {
        if (resource !== API) throw new Error('unknown resource');
        return { scope: 'read write', audience: API, accessTokenFormat: 'opaque' };
      },
    },
  },
  findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
});

/** @type {{ path: string, grant?: string, status: number, error?: string }[]} */
const requests = [];
let grantsRevoked = 0;
let slowedDown = 0;
provider.on('grant.revoked', () => {
  grantsRevoked += 1;
});
provider.use(async (ctx, next) => {
  if (ctx.path === '/log') {
    ctx.body = { requests, grantsRevoked };
    return;
  }
  if (ctx.method === 'DELETE' && ctx.path.startsWith('/token-of/')) {
    const token = await provider.AccessToken.find(ctx.path.split('/').at(-1) ?? '');
    await token?.destroy();
    ctx.status = token ? 204 : 404;
    return;
  }
  // As a person does who withdraws a consent in the settings of the vendor.
  if (ctx.method === 'DELETE' && ctx.path.startsWith('/grant-of/')) {
    const token = await provider.AccessToken.find(ctx.path.split('/').at(-1) ?? '');
    const grant = token?.grantId && (await provider.Grant.find(token.grantId));
    await grant?.destroy();
    ctx.status = grant ? 204 : 404;
    return;
  }
  await next();
  const body = /** @type {{ error?: string } | undefined} */ (ctx.body);
  const grant = ctx.oidc?.params?.grant_type;
  requests.push({
    path: ctx.path,
    ...(grant && { grant: String(grant) }),
    status: ctx.status,
    ...(body?.error && { error: body.error }),
  });
  // RFC 8628 section 3.5, which oidc-provider leaves to whoever runs it.
  if (settings.slowDown && body?.error === 'authorization_pending' && slowedDown === 0) {
    slowedDown += 1;
    ctx.body = { error: 'slow_down' };
  }
});
server.on('request', provider.callback());
process.stdout.write(`${JSON.stringify({ url })}\n`);
