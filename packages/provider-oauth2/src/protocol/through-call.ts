import { type ProviderCall, Secret, TokenError, type TokenReply } from '@tokenkeep/core';
import {
  allowInsecureRequests,
  customFetch,
  OperationProcessingError,
  UnsupportedOperationError,
} from 'oauth4webapi';
import { stated } from './stated.js';

/** Members of a form that anybody may read in an error. */
const open = new Set([
  'audience',
  'client_assertion_type',
  'client_id',
  'grant_type',
  'redirect_uri',
  'requested_token_type',
  'resource',
  'scope',
  'token_type_hint',
  'username',
]);

export interface Exchanged {
  /** As the engine read it: strictly. */
  readonly reply: TokenReply;
  /** The same for oauth4webapi. */
  readonly response: Response;
}

/** What oauth4webapi hands to a fetch of one's own. */
interface Outgoing {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** To be spread into the options of every function of oauth4webapi that sends. */
export interface Road {
  readonly [customFetch]: (url: string, request: Outgoing) => Promise<Response>;
  /** The engine knows which http is allowed, and refuses the rest. */
  readonly [allowInsecureRequests]: true;
}

export interface RoadRules {
  /** What must not be read in an error, in whatever form it is sent. */
  readonly secrets?: readonly Secret[];
  readonly preliminary?: boolean;
}

/**
 * Lets oauth4webapi make one request, and the engine send it: on its connection, with the intent
 * durable before the first byte.
 *
 * @throws TokenError what `call.send` threw; `PROVIDER_PROTOCOL` for what oauth4webapi refuses
 */
export async function throughCall(
  call: ProviderCall,
  request: (road: Road) => Promise<Response>,
  { secrets = [], preliminary = false }: RoadRules = {},
): Promise<Exchanged> {
  let reply: TokenReply | undefined;
  const road: Road = {
    [allowInsecureRequests]: true,
    [customFetch]: async (url, { method, headers, body }) => {
      const form = body instanceof URLSearchParams ? formOf(body) : undefined;
      reply = await call.send({
        method: method === 'GET' ? 'GET' : 'POST',
        url,
        headers: headersOf(headers),
        secrets,
        ...(form && { form }),
        ...(preliminary && { preliminary }),
      });
      return responseOf(reply);
    },
  };
  const response = await inProtocol(() => request(road));
  if (reply === undefined) {
    throw new TokenError('PROVIDER_PROTOCOL', 'oauth4webapi sent nothing: another version of it?');
  }
  return { reply, response };
}

/** Runs a function of oauth4webapi. Its errors carry replies and tokens; ours carry its words. */
export async function inProtocol<Result>(run: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw protocolError(error);
  }
}

function protocolError(error: unknown): unknown {
  if (TokenError.is(error)) return error;
  if (error instanceof OperationProcessingError || error instanceof UnsupportedOperationError) {
    // Its messages name members and never values; its cause holds the reply.
    return new TokenError(
      'PROVIDER_PROTOCOL',
      `The authorization server does not keep to the protocol: ${error.message}.`,
      { reason: 'protocol', ...(error.code === undefined ? {} : { providerCode: error.code }) },
    );
  }
  return error;
}

function formOf(body: URLSearchParams): Record<string, string | Secret> {
  const names = [...body.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new TokenError('CONFIGURATION_INVALID', `"${twice}" is in the request twice.`);
  }
  return Object.fromEntries(
    [...body].map(([name, value]) => [name, open.has(name) ? value : new Secret(value)]),
  );
}

function headersOf(headers: Record<string, string>): Record<string, string | Secret> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const hidden = ['authorization', 'dpop'].includes(name.toLowerCase());
      return [name, hidden ? new Secret(value) : value];
    }),
  );
}

const read = ['content-type', 'dpop-nonce', 'www-authenticate'];

/** Only JSON goes on: what else there is, the strict reader of the engine has refused. */
function responseOf(reply: TokenReply): Response {
  const headers = stated(Object.fromEntries(read.map((name) => [name, reply.header(name)])));
  const json = reply.jsonIfAny();
  const empty = reply.status === 204 || reply.status === 205 || json === undefined;
  const status = reply.status >= 200 && reply.status <= 599 ? reply.status : 502;
  return new Response(empty ? null : JSON.stringify(json), { status, headers });
}
