import { Secret, type TokenError, type TokenRequest } from '@tokenkeep/core';
import type { DeclaredAsk } from './declaration-schema.js';
import { invalid } from './invalid.js';
import { mapMembers } from './map-members.js';
import { joined, type Lookup, namesIn, render, revealed } from './template.js';

/** Where a request stands in the declaration: `obtain`, `refresh.first`. */
export interface AskPlace {
  readonly id: string;
  readonly baseUrl: string;
  readonly operation: string;
}

/** @throws TokenError `CONFIGURATION_INVALID`: a value is missing, or does not fit its place */
export function requestOf(ask: DeclaredAsk, place: AskPlace, values: Lookup): TokenRequest {
  const { method, url, query, headers, form, json } = ask;
  const lookup: Lookup = (name) => {
    const value = values(name);
    if (HALF.test(revealed(value ?? ''))) throw unfit(place, `${name} is broken text`);
    return value;
  };
  return {
    method,
    url: withQuery(urlOf(url, place, lookup), valuesOf(query, lookup) as Fields),
    headers: headersOf(headers, place, lookup),
    ...(form && { form: valuesOf(form, lookup) as Fields }),
    ...(json === undefined ? {} : { json: valuesOf(json, lookup) }),
  };
}

type Fields = Readonly<Record<string, string | Secret>>;

/** Half of a character of UTF-16, which cannot be sent. */
const HALF = /\p{Cs}/u;
/** A label of a host, or several. Anything else in its place could lead to another host. */
const LABELS = /^[a-z0-9][a-z0-9.-]{0,120}$/i;

export function fullUrl(url: string, baseUrl: string): string {
  return url.startsWith('/') ? baseUrl + url : url;
}

export function hostTemplate(url: string): string {
  return url.split('/', 3).join('/');
}

function urlOf(url: string, place: AskPlace, lookup: Lookup): string | Secret {
  const full = fullUrl(url, place.baseUrl);
  const host = hostTemplate(full);
  for (const name of namesIn(full)) {
    const value = lookup(name);
    if (value === undefined) throw unfit(place, `${name} is needed in the URL`);
    if (namesIn(host).includes(name) && !LABELS.test(String(value))) {
      throw unfit(place, `${name} is a part of the host: use letters, digits and hyphens`);
    }
  }
  const path = render(full.slice(host.length), lookup, (text) => {
    if (text === '.' || text === '..') throw unfit(place, 'a dot would lead to another path');
    return encodeURIComponent(text);
  });
  return joined(String(render(host, lookup)), path ?? '');
}

function withQuery(url: string | Secret, query: Fields | undefined): string | Secret {
  if (query === undefined) return url;
  const pairs = Object.entries(query).map(([name, value]) => [name, revealed(value)]);
  return joined(
    joined(url, '?'),
    new Secret(`${new URLSearchParams(pairs as [string, string][])}`),
  );
}

function headersOf(headers: DeclaredAsk['headers'], place: AskPlace, lookup: Lookup): Fields {
  return mapMembers(headers ?? {}, (value) =>
    typeof value === 'string' ? render(value, lookup) : basicOf(value.basic, place, lookup),
  );
}

type Basic = Exclude<NonNullable<DeclaredAsk['headers']>[string], string>['basic'];

function basicOf(
  { user, password, formEncoded }: Basic,
  place: AskPlace,
  lookup: Lookup,
): Secret | undefined {
  const pair = [user, password].map((template) => render(template, lookup));
  if (pair.includes(undefined)) return undefined;
  const [name = '', word] = pair.map((value = '') => {
    const text = revealed(value);
    return formEncoded ? new URLSearchParams([['', text]]).toString().slice(1) : text;
  });
  if (name.includes(':')) throw unfit(place, 'the user of Basic has a colon: write formEncoded');
  return new Secret(`Basic ${Buffer.from(`${name}:${word}`).toString('base64')}`);
}

/** Members whose value is absent are left out, at every depth. */
function valuesOf(value: unknown, lookup: Lookup): unknown {
  if (typeof value === 'string') return render(value, lookup);
  if (Array.isArray(value)) return value.map((item) => valuesOf(item, lookup) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  return mapMembers({ ...value }, (member) => valuesOf(member, lookup));
}

export function unfit({ id, operation }: AskPlace, problem: string): TokenError {
  const said = `Provider "${id}" cannot ask (${operation}): ${problem}. Correct the account.`;
  return invalid('declared_request', said);
}
