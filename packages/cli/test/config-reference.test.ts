import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { configJsonSchema } from '../src/config/config-json-schema.js';
import { loadConfig } from '../src/config/load-config.js';
import { kindNames, kindOf } from '../src/config/provider-kinds.js';
import { acmeSource, folderWithPackages } from './plug-in-packages.js';

const page = readFileSync(
  fileURLToPath(new URL('../../../docs/reference/config.md', import.meta.url)),
  'utf8',
);

interface SchemaPart {
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly additionalProperties?: SchemaPart;
}

const schema = configJsonSchema() as SchemaPart;
const membersOf = (part: SchemaPart | undefined) => Object.keys(part?.properties ?? {});

/** What stands in backticks in the first column of the table below a heading. */
function firstColumn(heading: string): string[] {
  const [, section = ''] = page.split(`${heading}\n`);
  const [table = ''] = section.split(/^#/m);
  return [...table.matchAll(/^\| ((?:`[^`|]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
}

test('the page names every member of the file, and nothing else', () => {
  const members = membersOf(schema).filter((name) => name !== '$schema');
  expect(firstColumn('## Members').sort()).toEqual(members.sort());
});

test('the page names every member of an account, and nothing else', () => {
  const { accounts } = schema.properties ?? {};
  const members = membersOf(accounts?.additionalProperties);
  const named = firstColumn('### An account').filter((name) => name !== 'member');
  expect(named.sort()).toEqual(members.sort());
});

test('the page names every kind of provider, and the members of its login', () => {
  expect(firstColumn('### A provider').filter((name) => name !== 'use')).toEqual(kindNames);
  const section = page.split('### A provider\n')[1] ?? '';
  const members = kindNames.flatMap((kind) => [...kindOf(kind).login]);
  expect(members.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
});

test('every config on the page loads', async () => {
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  expect(blocks.length).toBeGreaterThan(0);
  for (const text of blocks) {
    const files = [...text.matchAll(/\$\{file:([^}]+)\}/g)].map(([, path = '']) => path);
    const variables = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    const folder = folderWithPackages(
      { 'tokenkeep-provider-acme': acmeSource },
      { 'tokenkeep.yaml': text, ...Object.fromEntries(files.map((path) => [path, 'secret'])) },
    );
    const env = Object.fromEntries(variables.map((name) => [name, 'secret']));
    const config = await loadConfig({ path: join(folder, 'tokenkeep.yaml'), env });
    expect(config.warnings).toEqual([]);
  }
});
