import { types } from 'node:util';
import type { RefusalKind } from '@tokenkeep/core';
import {
  type DescribedReply,
  type DescribedServer,
  type DescribedStep,
  type LifetimeForm,
  repliesOf,
} from './described-server.js';
import { DescriptionProblem } from './description-problem.js';

const known = {
  server: [
    ...['preliminary', 'obtain', 'refresh', 'revoke', 'inspect', 'api', 'lifetime'],
    ...['refreshLifetime', 'throttled', 'secretsInUrl', 'url'],
  ],
  grant: ['request', 'ok', 'refused', 'refusedAs', 'followedBy'],
  step: ['request', 'ok'],
  revoke: ['request', 'ok', 'only', 'unknown'],
  inspect: ['request', 'active', 'inactive'],
  api: ['rejected', 'denied', 'header'],
  reply: ['status', 'headers', 'body'],
  refusal: ['status', 'headers', 'body', 'as'],
} as const;

const forms: Readonly<Record<LifetimeForm, true>> = {
  seconds: true,
  milliseconds: true,
  minutes: true,
  hours: true,
  'unix-seconds': true,
  'unix-milliseconds': true,
  datetime: true,
  none: true,
};
const kinds: Readonly<Record<RefusalKind, true>> = {
  grant_rejected: true,
  credentials_rejected: true,
  client_rejected: true,
  upstream_rejected: true,
  quota_exceeded: true,
  throttled: true,
  unavailable: true,
  ambiguous: true,
};

/** @throws DescriptionProblem */
export function problem(what: string): never {
  throw new DescriptionProblem(what);
}

/** @throws DescriptionProblem where it is no object, or has a member that nobody reads */
export function members(value: unknown, where: string, names: readonly string[]): void {
  if (value === undefined) problem(`describe ${where}.`);
  if (typeof value !== 'object' || value === null) problem(`${where} is no object.`);
  const odd = Object.keys(value).find((name) => !names.includes(name));
  if (odd !== undefined) problem(`${where} has "${odd}", and may have ${names.join(', ')}.`);
}

/** A server whose replies are looked at before they are sent. @throws DescriptionProblem */
export function checkedServer(server: DescribedServer): DescribedServer {
  members(server, 'server', known.server);
  const { obtain, refresh, revoke, inspect, api, preliminary, lifetime, refreshLifetime } = server;
  members(obtain, 'server.obtain', known.grant);
  members(api, 'server.api', known.api);
  oneOf(lifetime, 'server.lifetime', forms);
  oneOf(refreshLifetime, 'server.refreshLifetime', forms);
  replies(server.throttled, 'server.throttled');
  replies(api.rejected, 'server.api.rejected');
  replies(api.denied, 'server.api.denied');
  if (api.header !== undefined && !/^[\w-]+: .*\*/.test(api.header)) {
    problem(`server.api.header is "${api.header}", and not like "Authorization: Bearer *".`);
  }
  if (server.url !== undefined && !isHttp(server.url)) {
    problem(`server.url is "${server.url}", and not like "http://127.0.0.1:3000".`);
  }
  return {
    ...server,
    obtain: grant(obtain, 'server.obtain'),
    ...(refresh && { refresh: grant(refresh, 'server.refresh', true) }),
    ...(preliminary && {
      preliminary: preliminary.map((each, at) => watched(each, `server.preliminary[${at}]`)),
    }),
    ...(revoke && { revoke: revocation(revoke) }),
    ...(inspect && { inspect: inspection(inspect) }),
  };
}

function grant<Grant extends Partial<DescribedServer['obtain']>>(
  described: Grant,
  where: string,
  partial = false,
): Grant {
  members(described, where, known.grant);
  oneOf(described.refusedAs, `${where}.refusedAs`, kinds);
  for (const refusal of replies(described.refused, `${where}.refused`, known.refusal)) {
    oneOf((refusal as { as?: string }).as, `${where}.refused: as`, kinds);
  }
  const steps = (described.followedBy ?? []).map((step, at) => {
    const name = `${where}.followedBy[${at}]`;
    members(step, name, known.step);
    return watched(step, name);
  });
  const first = watched(described as DescribedStep, where, partial) as unknown as Grant;
  return { ...first, ...(described.followedBy && { followedBy: steps }) };
}

function revocation(described: NonNullable<DescribedServer['revoke']>) {
  members(described, 'server.revoke', known.revoke);
  line(described.request, 'server.revoke');
  oneOf(described.only, 'server.revoke.only', { access: true });
  replies(described.ok, 'server.revoke.ok');
  replies(described.unknown, 'server.revoke.unknown');
  return described;
}

function inspection(described: NonNullable<DescribedServer['inspect']>) {
  members(described, 'server.inspect', known.inspect);
  line(described.request, 'server.inspect');
  replies(described.inactive, 'server.inspect.inactive');
  return { ...described, active: watchedReply(described.active, 'server.inspect.active') };
}

function watched<Step extends { readonly request: string; readonly ok?: unknown }>(
  step: Step,
  where: string,
  partial = false,
): Step {
  if (!partial || step.request !== undefined) line(step.request, where);
  if (step.ok === undefined) return step;
  return { ...step, ok: watchedReply(step.ok, `${where}.ok`) };
}

function line(request: unknown, where: string): void {
  if (typeof request === 'string' && /^[A-Z]+ \/\S*$/.test(request)) return;
  problem(`${where}.request is ${JSON.stringify(request)}, and not like "POST /login".`);
}

/** The author's function, whose replies are replies. */
function watchedReply<Given>(ok: unknown, where: string): (given: Given) => DescribedReply {
  if (typeof ok !== 'function') problem(`${where} must be a function that returns the reply.`);
  return (given) => {
    const reply = said(ok as (given: Given) => unknown, given, where);
    if (types.isPromise(reply)) problem(`${where} is async: it must return the reply itself.`);
    members(reply, `what ${where} returns`, known.reply);
    return reply as DescribedReply;
  };
}

function said<Given>(ok: (given: Given) => unknown, given: Given, where: string): unknown {
  try {
    return ok(given);
  } catch (error) {
    return problem(`${where} threw (it is also asked with odd values): ${String(error)}`);
  }
}

function replies(
  described: DescribedReply | readonly DescribedReply[] | undefined,
  where: string,
  names: readonly string[] = known.reply,
): readonly DescribedReply[] {
  const all = repliesOf(described);
  for (const reply of all) {
    members(reply, where, names);
    const { status = 200, headers = {}, body } = reply;
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      problem(`${where}: status is ${JSON.stringify(status)}, and no number from 200 to 599.`);
    }
    const odd = Object.entries(headers).find(([, value]) => !/^[\t\x20-\xff]*$/.test(value));
    if (odd !== undefined) problem(`${where}: "${odd[0]}" is no header that can be sent.`);
    if (!isJson(body)) problem(`${where}: the body cannot be written as JSON.`);
  }
  return all;
}

function oneOf(value: unknown, where: string, allowed: object): void {
  if (value === undefined || Object.hasOwn(allowed, String(value))) return;
  problem(`${where} is ${JSON.stringify(value)}, and none of ${Object.keys(allowed).join(', ')}.`);
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'http:';
}

function isJson(body: unknown): boolean {
  try {
    JSON.stringify(body);
    return true;
  } catch {
    return false;
  }
}
