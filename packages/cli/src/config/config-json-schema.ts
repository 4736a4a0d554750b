import { z } from 'zod';
import { configSchema, isDuration } from './config-schema.js';
import { durationPattern } from './duration-text.js';
import { plugInPattern } from './plug-in-name.js';
import { kindNames, kindOf } from './provider-kinds.js';

/** A part of a JSON Schema document. */
type Schema = { [name: string]: unknown };

/**
 * The JSON Schema (draft 2020-12) of a config file, for editors. It allows what the file may
 * hold before references are resolved: `10s`, `${NAME}`, `{ tokenOf: ... }`.
 */
export function configJsonSchema(): Schema {
  const schema = jsonSchemaOf(configSchema);
  const account = at(schema, 'properties', 'accounts', 'additionalProperties');
  account.anyOf = [
    ...kindNames.filter((kind) => kind !== 'http').map(accountOfKind),
    { type: 'object', properties: { provider: { type: 'string', pattern: OTHER_NAME } } },
  ];
  const provider = at(schema, 'properties', 'providers', 'additionalProperties');
  provider.oneOf = [...(provider.oneOf as Schema[]), PLUG_IN];
  return {
    ...(withDurations(schema) as Schema),
    title: 'Tokenkeep configuration',
    description: 'tokenkeep.yaml, tokenkeep.yml or tokenkeep.json',
  };
}

/** Its options are its own. */
const PLUG_IN: Schema = {
  description: 'A provider of a package that is installed, or of a file.',
  type: 'object',
  properties: { use: { type: 'string', pattern: plugInPattern.source } },
  required: ['use'],
};

/** What is named like a kind is of that kind. Under another name credentials may be declared ones. */
const OTHER_NAME = `^(?!(?:${kindNames.filter((kind) => kind !== 'http').join('|')})$)`;

function accountOfKind(kind: (typeof kindNames)[number]): Schema {
  const properties = { provider: { const: kind }, credentials: credentialsSchema(kind) };
  return { type: 'object', properties };
}

function credentialsSchema(kind: (typeof kindNames)[number]): Schema {
  const { $schema: _draft, ...schema } = jsonSchemaOf(kindOf(kind).credentials);
  const secrets = kindOf(kind).secrets;
  const branches = (schema.anyOf as Schema[] | undefined) ?? [schema];
  for (const { properties = {} } of branches as { properties?: Schema }[]) {
    for (const name of secrets) {
      if (at(properties, name).type === 'string') properties[name] = { anyOf: [TEXT, TOKEN_OF] };
    }
  }
  return schema;
}

const TEXT: Schema = { type: 'string' };
const TOKEN_OF: Schema = {
  type: 'object',
  properties: { tokenOf: { type: 'string', description: "Another account's token." } },
  required: ['tokenOf'],
  additionalProperties: false,
};

function jsonSchemaOf(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // The only custom type a file can hold is a secret: a text, or what stands for one.
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'string';
    },
  }) as Schema;
}

/** Milliseconds may be written as `10s`, wherever they stand. */
function withDurations(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withDurations);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([name, value]) => {
    if (!isDuration(name)) return [name, withDurations(value)];
    return [name, durationSchema(value as Schema)];
  });
  return Object.fromEntries(entries);
}

function durationSchema(schema: Schema): Schema {
  const { description, default: preset, ...number } = schema;
  const about = {
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
  };
  if (number.type === 'array') return { ...schema, items: durationSchema(at(number, 'items')) };
  return { ...about, anyOf: [number, { type: 'string', pattern: durationPattern.source }] };
}

function at(schema: Schema, ...path: readonly string[]): Schema {
  return path.reduce<Schema>((part, name) => (part[name] ?? {}) as Schema, schema);
}
