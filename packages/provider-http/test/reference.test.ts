import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { httpProvider, type ProviderDeclaration, providerDeclarationSchema } from '../src/index.js';

const docs = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../docs/${path}`, import.meta.url)), 'utf8');

function membersIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) => [
    ...(name === 'properties' ? Object.keys(value as object) : []),
    ...membersIn(value),
  ]);
}

test('the reference names every member of a declaration', () => {
  const page = docs('reference/declared-provider.md');
  const schema = z.toJSONSchema(providerDeclarationSchema, { io: 'input', unrepresentable: 'any' });
  const members = [...new Set(membersIn(schema))];
  expect(members.length).toBeGreaterThan(60);
  const named = (member: string) =>
    new RegExp(`[\`{ ]${member.replace('$', '\\$')}[\`:, }]`).test(page);
  expect(members.filter((member) => !named(member))).toEqual([]);
});

test('the declaration that is shown is one', () => {
  const [, code = ''] =
    /```yaml acme\.yaml\n([\s\S]*?)```/.exec(docs('how-to/declare-a-provider.md')) ?? [];
  const declaration = { id: 'acme', ...parse(code) } as ProviderDeclaration;
  expect(httpProvider(declaration).id).toBe('acme');
});
