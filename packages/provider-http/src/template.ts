import { Secret } from '@tokenkeep/core';

export type TemplatePart = { readonly text: string } | { readonly name: string };
export type TemplateValue = string | Secret;
/** `undefined`: there is no such value now. */
export type Lookup = (name: string) => TemplateValue | undefined;

const MARK = /\{\{|\}\}|\{([A-Za-z][A-Za-z0-9_.]*)\}|[{}]/g;

/** The parts of a template, or `undefined` where a brace stands alone. */
export function partsOf(template: string): readonly TemplatePart[] | undefined {
  const parts: TemplatePart[] = [];
  let at = 0;
  for (const found of template.matchAll(MARK)) {
    const [mark, name] = found;
    parts.push({ text: template.slice(at, found.index) });
    at = found.index + mark.length;
    if (name !== undefined) parts.push({ name });
    else if (mark.length === 2) parts.push({ text: mark.charAt(0) });
    else return undefined;
  }
  parts.push({ text: template.slice(at) });
  return parts;
}

export function namesIn(template: string): readonly string[] {
  return (partsOf(template) ?? []).flatMap((part) => ('name' in part ? [part.name] : []));
}

/**
 * The template with its values, a `Secret` as soon as one of them is; `undefined` where one is absent.
 */
export function render(
  template: string,
  lookup: Lookup,
  encode: (text: string) => string = String,
): string | Secret | undefined {
  let rendered: string | Secret = '';
  for (const part of partsOf(template) ?? []) {
    const value = 'text' in part ? part.text : lookup(part.name);
    if (value === undefined) return undefined;
    rendered = joined(rendered, 'text' in part ? part.text : encoded(value, encode));
  }
  return rendered;
}

function encoded(value: TemplateValue, encode: (text: string) => string): string | Secret {
  return Secret.is(value) ? value.map(encode) : encode(value);
}

export function joined(left: string | Secret, right: string | Secret): string | Secret {
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  return new Secret(revealed(left) + revealed(right));
}

export function revealed(value: TemplateValue): string {
  return Secret.of(value).reveal();
}
