import { type Inspection, lifetimeFrom, type Secret } from '@tokenkeep/core';
import { introspectionRequest, processIntrospectionResponse } from 'oauth4webapi';
import { type Context, requireEndpoint, send } from '../protocol/context.js';
import { inProtocol } from '../protocol/through-call.js';
import { successIn } from '../replies.js';

/** RFC 7662. */
export async function introspect(context: Context, accessToken: Secret): Promise<Inspection> {
  requireEndpoint(context, 'introspection_endpoint');
  const { as, client, parties } = context;
  const { reply, response } = await send(context, (road) =>
    introspectionRequest(...parties, accessToken.reveal(), {
      ...road,
      additionalParameters: { token_type_hint: 'access_token' },
    }),
  );
  successIn('endpoint', reply);
  const { active, exp } = await inProtocol(() =>
    processIntrospectionResponse(as, client, response),
  );
  const endsAt = lifetimeFrom(exp);
  const lifetimeMs = active ? context.call.lifetimeUntil(endsAt, reply) : undefined;
  return { active, ...(lifetimeMs === undefined ? {} : { lifetimeMs }) };
}
