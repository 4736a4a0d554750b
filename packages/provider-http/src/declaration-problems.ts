import type { Operation } from './declaration.js';
import type { Condition, Declared } from './declaration-schema.js';
import { namesInAsk, TOKENS, templatesIn } from './names-in-ask.js';
import { fullUrl, hostTemplate } from './requests.js';
import { namesIn, partsOf } from './template.js';

/** Where, and what is wrong and what to write. Quotes no value. */
export type DeclarationProblem = readonly [path: string, message: string];

type AskWithFirst = Parameters<typeof namesInAsk>[0];

/** Those there are, in each operation. */
const TOKENS_OF: Record<Operation, readonly string[]> = {
  obtain: [],
  refresh: ['refreshToken'],
  revoke: TOKENS,
  inspect: ['accessToken'],
};
const TARGETS = ['target.tenant', 'target.resource', 'target.scope'];

/** What members of a declaration say of each other that cannot be. */
export function* declarationProblems(declared: Declared): Iterable<DeclarationProblem> {
  const { obtain, refresh, credentials, profile, baseUrl, token } = declared;
  if (!FULL_URL.test(baseUrl) || baseUrl.endsWith('/')) {
    yield ['baseUrl', 'write https://host, and no query, user or final slash'];
  }
  if (!obtain && !refresh) yield ['obtain', 'is missing, and refresh too'];
  if (obtain?.needs.some((name) => !credentials[name]?.optional)) {
    yield ['obtain.needs', 'name optional credentials'];
  }
  const known = [...Object.keys(credentials).map((name) => `credentials.${name}`), ...TARGETS];
  for (const [at, tokens] of Object.entries(TOKENS_OF)) {
    yield* askProblems(declared, at, declared[at as Operation], [...tokens, ...known]);
  }
  if (refresh && !namesInAsk(refresh).includes('refreshToken')) {
    yield ['refresh', "sends no '{refreshToken}'"];
  }
  yield* replyProblems(declared);
  if (profile.refreshToken !== undefined && !refresh !== (profile.refreshToken === 'none')) {
    yield ['profile.refreshToken', 'write none without refresh, and another word with it'];
  }
  for (const [index, { per, reserve = 0, limit }] of profile.budgets.entries()) {
    const place = `profile.budgets.${index}.`;
    if (per.some((name) => credentials[name]?.secret !== false)) {
      yield [`${place}per`, 'name credentials with secret: false'];
    }
    if (reserve >= limit) yield [`${place}reserve`, 'leave some of the limit'];
  }
  if (RESERVED.test(token.header)) yield ['token.header', OURS];
}

const FULL_URL = /^https?:\/\/[^/?#@\\\s]+(?:\/[^?#\\\s]*)?$/;
/** After a placeholder: two labels that are fixed, so that it leads to nobody else's host. */
const FIXED_END = /^(?:\.[A-Za-z0-9-]+){2,}(?::\d{1,5})?$/;
const RESERVED = /^(host|connection|content-length|transfer-encoding)$/i;
const OURS = 'is written by the engine; leave it out';

function* askProblems(
  declared: Declared,
  at: string,
  ask: AskWithFirst | undefined,
  before: readonly string[],
): Iterable<DeclarationProblem> {
  if (ask === undefined) return;
  const { method, url, form, json, headers = {}, first } = ask;
  yield* askProblems(declared, `${at}.first`, first, before);
  const known = [...before, ...Object.keys(first?.take ?? {}).map((name) => `first.${name}`)];
  for (const { path, template } of templatesIn(ask)) {
    const place = [at, ...path].join('.');
    const [name = ''] = path.slice(-1);
    if (template === undefined) yield [place, 'is no JSON, or has more than 16 levels'];
    else if (!template && known.includes(name)) yield [place, `quote it: '{${name}}'`];
    else if (!partsOf(template)) yield [place, 'a brace stands alone; write {name}, or {{'];
    else if (!namesIn(template).every((name) => known.includes(name))) {
      yield [place, `names what is not known here; known: {${known.join('}, {')}}`];
    }
  }
  const { baseUrl, credentials } = declared;
  const full = fullUrl(url, baseUrl);
  const host = hostTemplate(full);
  const inHost = namesIn(host);
  const isPlain = (name: string) => credentials[name.split('.')[1] ?? '']?.secret === false;
  if (!FULL_URL.test(full) || !URL.canParse(full.replace(/\{[^{}]*\}/g, 'x'))) {
    yield [`${at}.url`, 'begin it with / or https://; what follows ? is query'];
  } else if (!inHost.every((name) => TARGETS.includes(name) || isPlain(name))) {
    yield [`${at}.url`, 'names a secret in a host; use what has secret: false'];
  } else if (inHost.length > 0 && !FIXED_END.test(host.slice(host.lastIndexOf('}') + 1))) {
    yield [`${at}.url`, 'end the host with two fixed labels: {target.tenant}.example.com'];
  }
  if (json === undefined ? form && method === 'GET' : form || method === 'GET') {
    yield [at, 'write one of form and json; with GET only query'];
  }
  for (const name of Object.keys(headers)) {
    if (RESERVED.test(name)) yield [`${at}.headers.${name}`, OURS];
  }
}

const FINAL = /_rejected$/;

function* replyProblems(declared: Declared): Iterable<DeclarationProblem> {
  const { refused, refusals, rejected, revoke, inspect } = declared;
  const groups: Record<string, readonly (Condition & { kind?: string })[] | undefined> = {
    refused,
    refusals,
    rejected,
    'revoke.revoked': revoke?.revoked,
    'inspect.inactive': inspect?.inactive,
  };
  for (const [group, conditions = []] of Object.entries(groups)) {
    for (const [index, each] of conditions.entries()) {
      const { status, at, header, is, startsWith, contains, present, kind } = each;
      const place = `${group}.${index}`;
      const tests = [is, startsWith, contains, present].some((test) => test !== undefined);
      if (at ? header : !header && (tests || !status)) {
        yield [place, 'write at or header, or status alone'];
      }
      const final = kind ? FINAL.test(kind) : group === 'revoke.revoked';
      const unclear = (code: number) => code >= 500 || (code === 401 && !kind && !header);
      // What is absent, and a header of whatever stands between, are no words.
      if (final && !(at && present !== false) && (!status || status.some(unclear))) {
        yield [place, 'is final, and needs words: add at, or statuses below 500'];
      }
    }
  }
}
