import type { DeclaredAsk, DeclaredTokenAsk } from './declaration-schema.js';
import { namesIn } from './template.js';

/** A template of a request, and where it stands; none where there is no JSON, or for ever. */
export interface PlacedTemplate {
  readonly path: readonly string[];
  readonly template: string | undefined;
}

/** What placeholders call the tokens. */
export const TOKENS = ['accessToken', 'refreshToken'] as const;

const DEEPEST = 16;

export function templatesIn({ url, query, headers, form, json }: DeclaredAsk): PlacedTemplate[] {
  return textsIn({ url, query, headers, form, json }, []);
}

function textsIn(value: unknown, path: readonly string[]): PlacedTemplate[] {
  if (typeof value === 'string') return [{ path, template: value }];
  // YAML reads {name} without quotes as a group with an empty member.
  if (value === null) return [{ path, template: '' }];
  if (typeof value === 'bigint' || 'toJSON' in Object(value) || path.length > DEEPEST) {
    return [{ path: path.slice(0, 1), template: undefined }];
  }
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, member]) => textsIn(member, [...path, name]));
}

/** What its templates name, and those of its first step. */
export function namesInAsk(ask: DeclaredAsk & Pick<DeclaredTokenAsk, 'first'>): string[] {
  const { first = ask } = ask;
  return [ask, first].flatMap(templatesIn).flatMap(({ template = '' }) => namesIn(template));
}
