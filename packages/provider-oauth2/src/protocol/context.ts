import { type ProviderCall, type Secret, TokenError, type TokenReply } from '@tokenkeep/core';
import {
  type AuthorizationServer,
  type Client,
  type ClientAuth,
  clockSkew,
  type DPoPHandle,
} from 'oauth4webapi';
import { clientAuthentication } from '../client/client-authentication.js';
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
  readonly dpop: DPoPHandle | undefined;
  readonly secrets: readonly Secret[];
  readonly forgetServer: () => void;
}

/** Makes what the requests of an operation are made of. */
export type ContextFor = (
  call: ProviderCall,
  credentials: OAuth2Credentials | undefined,
) => Promise<Context>;

export async function contextOf(
  settings: OAuth2Settings,
  server: KnownServer,
  call: ProviderCall,
  credentials: OAuth2Credentials | undefined,
): Promise<Context> {
  const described = clientOf(settings, credentials);
  // Those that cannot be had may have a client of their own: another's is none of theirs.
  if (credentials === undefined && call.credentialsError !== undefined) throw call.credentialsError;
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
    dpop: dpopKey && (await proofsFor(client, dpopKey, server)),
    secrets: clientSecret === undefined ? [] : [clientSecret],
    forgetServer: () => server.forget(),
  };
}

async function proofsFor(client: Client, key: Secret, { proofs }: KnownServer) {
  const { client_id: id } = client;
  const known = proofs.get(id);
  if (known !== undefined) return known;
  const { proofsWith } = await import('../client/private-key.js');
  const made = await proofsWith(client, key);
  proofs.set(id, made);
  return made;
}

type Endpoint =
  | 'token_endpoint'
  | 'revocation_endpoint'
  | 'introspection_endpoint'
  | 'authorization_endpoint'
  | 'device_authorization_endpoint';

/** @throws TokenError `CONFIGURATION_INVALID`: the server has none, as far as is known */
export function requireEndpoint({ as, settings, forgetServer }: Context, endpoint: Endpoint): void {
  if (as[endpoint] !== undefined) return;
  forgetServer();
  throw new TokenError(
    'CONFIGURATION_INVALID',
    `The authorization server of "${settings.id}" has no ${endpoint}, as far as is known.`,
    { reason: 'no_endpoint' },
  );
}

/** @throws TokenError what `throughCall` throws */
export async function send(
  { call, secrets, forgetServer }: Context,
  request: (road: Road) => Promise<Response>,
): Promise<Exchanged> {
  try {
    return await throughCall(call, request, { secrets });
  } catch (error) {
    if (TokenError.is(error, 'CONFIGURATION_UNSAFE_URL')) forgetServer();
    throw error;
  }
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
  if (dpop === undefined || !wantsNonce(first.reply)) return first;
  context.call.nothingProcessed();
  return once();
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
