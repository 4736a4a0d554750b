import {
  type IssuedTokens,
  type LoginCall,
  type LoginInteraction,
  TokenError,
} from '@tokenkeep/core';
import {
  deviceAuthorizationRequest,
  deviceCodeGrantRequest,
  processDeviceAuthorizationResponse,
  processDeviceCodeResponse,
} from 'oauth4webapi';
import { askForTokens, type Context, send } from '../protocol/context.js';
import { parametersButScope, parametersOf } from '../protocol/grant-requests.js';
import { type Exchanged, inProtocol } from '../protocol/through-call.js';
import { errorCode, readTokens, successIn } from '../replies.js';

/** RFC 8628 section 3.2: where the server does not say how often it may be asked. */
const DEFAULT_INTERVAL_MS = 5_000;
/** RFC 8628 section 3.5. */
const SLOWER_BY_MS = 5_000;
const LONGEST_MS = 1_800_000;

/** RFC 8628: the person types a code in, on any device, and the server is asked until it is done. */
export async function loginByCode(
  context: Context,
  interaction: LoginInteraction,
  call: LoginCall,
): Promise<IssuedTokens> {
  const { as, client, parties } = context;
  const { reply, response } = await send(context, (road) =>
    deviceAuthorizationRequest(...parties, parametersOf(context), road),
  );
  successIn('endpoint', reply);
  const code = await inProtocol(() => processDeviceAuthorizationResponse(as, client, response));
  const lifetimeMs = Math.min(code.expires_in * 1_000, LONGEST_MS);
  const { verification_uri_complete: urlWithCode } = code;
  await interaction.showCode(
    {
      code: code.user_code,
      url: code.verification_uri,
      ...(urlWithCode === undefined ? {} : { urlWithCode }),
      lifetimeMs,
    },
    call.signal,
  );
  let intervalMs = code.interval === undefined ? DEFAULT_INTERVAL_MS : code.interval * 1_000;
  for (let waitedMs = 0; waitedMs < lifetimeMs; waitedMs += intervalMs) {
    await call.wait(intervalMs);
    const asked = await ask(context, code.device_code);
    if (asked === undefined) {
      intervalMs *= 2;
      continue;
    }
    const said = errorCode(asked.reply);
    if (said === 'slow_down') intervalMs += SLOWER_BY_MS;
    else if (said === 'access_denied' || said === 'expired_token') throw notLoggedIn(said);
    else if (said !== 'authorization_pending') return tokensIn(context, asked);
  }
  throw notLoggedIn('expired_token');
}

/** `undefined`: no reply. The code is still good, and is asked about less often. */
async function ask(context: Context, deviceCode: string): Promise<Exchanged | undefined> {
  try {
    return await askForTokens(context, (road) =>
      deviceCodeGrantRequest(...context.parties, deviceCode, {
        ...road,
        additionalParameters: parametersButScope(context),
      }),
    );
  } catch (error) {
    const silent = ['PROVIDER_UNAVAILABLE', 'PROVIDER_OUTCOME_UNKNOWN'];
    if (TokenError.is(error) && silent.includes(error.code)) return undefined;
    throw error;
  }
}

async function tokensIn(context: Context, { reply, response }: Exchanged): Promise<IssuedTokens> {
  const { as, client, settings } = context;
  const json = successIn('device_code', reply);
  await inProtocol(() => processDeviceCodeResponse(as, client, response));
  return readTokens(json, settings);
}

function notLoggedIn(providerCode: 'access_denied' | 'expired_token'): TokenError {
  const words =
    providerCode === 'access_denied' ? 'The login was refused' : 'The code was not used in time';
  return new TokenError('REAUTHORIZATION_REQUIRED', `${words}. Begin the login anew.`, {
    reason: 'login_refused',
    providerCode,
  });
}
