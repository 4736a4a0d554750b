import type { DeclaredAsk } from './declaration-schema.js';
import { namesIn } from './template.js';

/** A template of a request, and where it stands; none where its JSON goes on too deeply. */
export interface PlacedTemplate {
  readonly path: readonly string[];
  readonly template: string | undefined;
}

const DEEPEST = 16;

export function templatesIn({ url, query, headers, form, json }: DeclaredAsk): PlacedTemplate[] {
  return textsIn({ url, query, headers, form, json }, []);
}

function textsIn(value: unknown, path: readonly string[]): PlacedTemplate[] {
  if (typeof value === 'string') return [{ path, template: value }];
  // YAML reads {name} without quotes as a group with an empty member.
  if (value === null) return [{ path, template: '' }];
  if (typeof value !== 'object') return [];
  if (path.length > DEEPEST) return [{ path: path.slice(0, 1), template: undefined }];
  return Object.entries(value).flatMap(([name, member]) => textsIn(member, [...path, name]));
}

export function namesInAsk(ask: DeclaredAsk): string[] {
  return templatesIn(ask).flatMap(({ template = '' }) => namesIn(template));
}
