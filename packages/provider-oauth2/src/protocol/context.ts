import { type ProviderCall, type Secret, TokenError, type TokenReply } from '@tokenkeep/core';
import {
  type AuthorizationServer,
  type Client,
  type ClientAuth,
  clockSkew,
  DPoP,
  type DPoPHandle,
} from 'oauth4webapi';
import { clientAuthentication } from '../client/client-authentication.js';
import { signingKeyPair } from '../client/signing-key.js';
import { clientOf, type OAuth2Credentials } from '../credentials.js';
import type { OAuth2Settings } from '../options.js';
import { errorCode } from '../replies.js';
import type { KnownServer } from './authorization-server.js';
import { type Exchanged, type Road, throughCall } from './through-call.js';

/** What every request of one operation is made of. */
export interface Context {
  readonly settings: OAuth2Settings;
  readonly call: ProviderCall;
  readonly as: AuthorizationServer;
  readonly client: Client;
  /** Who is asked by whom: what every request of oauth4webapi begins with. */
  readonly parties: readonly [AuthorizationServer, Client, ClientAuth];
  readonly credentials: OAuth2Credentials | undefined;
  /** A key of its own for each operation would do no harm; its nonces last as long as it. */
  readonly dpop: DPoPHandle | undefined;
  readonly secrets: readonly Secret[];
  forgetServer(): void;
}

export async function contextOf(
  settings: OAuth2Settings,
  server: KnownServer,
  call: ProviderCall,
  credentials: OAuth2Credentials | undefined,
): Promise<Context> {
  const described = clientOf(settings, credentials);
  if (described === undefined) throw noClient(settings.id);
  const { clientId, clientSecret } = described;
  const { dpopKey, assertionAudience, clockSkewMs } = settings;
  const client: Client = { client_id: clientId, [clockSkew]: clockSkewMs / 1_000 };
  const as = await server.metadata(call);
  return {
    settings,
    call,
    credentials,
    as,
    client,
    parties: [as, client, await clientAuthentication(described, assertionAudience)],
    dpop: dpopKey && DPoP(client, await signingKeyPair(dpopKey)),
    secrets: clientSecret === undefined ? [] : [clientSecret],
    forgetServer: () => server.forget(),
  };
}

type Endpoint =
  | 'token_endpoint'
  | 'revocation_endpoint'
  | 'introspection_endpoint'
  | 'authorization_endpoint'
  | 'device_authorization_endpoint';

/** @throws TokenError `CONFIGURATION_INVALID`: the server has none, as far as is known */
export function requireEndpoint({ as, settings }: Context, endpoint: Endpoint): void {
  if (as[endpoint] !== undefined) return;
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `The authorization server of "${settings.id}" has no ${endpoint}, as far as is known.`,
    { reason: 'no_endpoint' },
  );
}

export function send(context: Context, request: (road: Road) => Promise<Response>) {
  return throughCall(context.call, request, { secrets: context.secrets });
}

type TokenRoad = Road & { readonly DPoP?: DPoPHandle };

/**
 * A request to the token endpoint. Sent once more where the server wants a nonce in the proof: it
 * has refused the proof, and done nothing (RFC 9449 section 8).
 */
export async function askForTokens(
  context: Context,
  request: (road: TokenRoad) => Promise<Response>,
): Promise<Exchanged> {
  const { dpop } = context;
  requireEndpoint(context, 'token_endpoint');
  const once = () =>
    send(context, (road) => request(dpop === undefined ? road : { ...road, DPoP: dpop }));
  const first = await once();
  if (first.reply.status === 404) context.forgetServer();
  return dpop !== undefined && wantsNonce(first.reply) ? once() : first;
}

function wantsNonce(reply: TokenReply): boolean {
  const refused = reply.status === 400 || reply.status === 401;
  const given = reply.header('dpop-nonce') !== undefined;
  return refused && given && errorCode(reply) === 'use_dpop_nonce';
}

function noClient(id: string): TokenError {
  return new TokenError(
    'CONFIGURATION_INVALID',
    `Give provider "${id}" a clientId, or the account its own in "credentials".`,
  );
}
