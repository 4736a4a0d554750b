import type { TokenProvider } from '@tokenkeep/core';
import {
  type AuthRefreshOptions,
  authRefresh,
  authRefreshCredentialsSchema,
  authRefreshOptionsSchema,
  teletracker,
} from '@tokenkeep/provider-auth-refresh';
import {
  chatApp,
  chatAppCredentialsSchema,
  chatAppOptionsSchema,
} from '@tokenkeep/provider-chatapp';
import {
  httpProvider,
  type ProviderDeclaration,
  providerDeclarationSchema,
} from '@tokenkeep/provider-http';
import {
  type OAuth2Options,
  oauth2,
  oauth2CredentialsSchema,
  oauth2OptionsSchema,
} from '@tokenkeep/provider-oauth2';
import {
  digitalRiver,
  type OAuth20Options,
  oauth20,
  oauth20CredentialsSchema,
  oauth20OptionsSchema,
} from '@tokenkeep/provider-oauth20';
import { z } from 'zod';
import { type KindName, kindNames, starterKinds } from './kind-names.js';

/** A provider that a config file can name. */
export interface ProviderKind {
  /** Members it may have in the file, beside `use`. Its id is its name in the file. */
  readonly options: z.ZodObject;
  readonly credentials: z.ZodType;
  /** Members of credentials that a usual login needs, as `init` writes them. */
  readonly login: readonly string[];
  /** Members of credentials that are secrets. */
  readonly secrets: readonly string[];
  /** The option that says where the server is. Default `baseUrl`. */
  readonly urlOption?: string;
  /** Options that are secrets. */
  readonly optionSecrets?: readonly string[];
  /** @param options as `options` accepts them, and the id */
  make(options: KindOptions): TokenProvider;
  /** Which members of credentials are secrets, where that is one of the options. */
  secretsOf?(options: Readonly<Record<string, unknown>>): readonly string[];
}

type KindOptions = Readonly<Record<string, unknown>> & { readonly id: string };

// Budgets have a function in them: no file can hold one.
const authRefreshOptions = authRefreshOptionsSchema.omit({ id: true, budgets: true });
const oauth2Options = oauth2OptionsSchema.omit({ id: true, budgets: true });
const oauth20Options = oauth20OptionsSchema.omit({ id: true, budgets: true });

const providerKinds = {
  chatapp: {
    options: chatAppOptionsSchema.omit({ id: true }),
    credentials: chatAppCredentialsSchema,
    login: ['email', 'password', 'appId'],
    secrets: ['password'],
    make: (options) => chatApp(options),
  },
  teletracker: {
    options: authRefreshOptions
      .pick({
        baseUrl: true,
        apiOrigins: true,
        refreshToken: true,
        inDoubt: true,
        notProcessed: true,
        refreshRevokesAccessToken: true,
      })
      .partial(),
    credentials: authRefreshCredentialsSchema,
    login: ['username', 'password'],
    secrets: ['password'],
    make: (options) => teletracker(options),
  },
  'auth-refresh': {
    options: authRefreshOptions,
    credentials: authRefreshCredentialsSchema,
    login: ['username', 'password'],
    secrets: ['password'],
    make: (options) => authRefresh(options as unknown as AuthRefreshOptions),
  },
  'digital-river': {
    options: oauth20Options.partial(),
    credentials: oauth20CredentialsSchema,
    login: ['clientId', 'clientSecret'],
    secrets: ['bearer', 'clientSecret', 'password', 'parameters'],
    make: (options) => digitalRiver(options),
  },
  oauth20: {
    options: oauth20Options,
    credentials: oauth20CredentialsSchema,
    login: ['clientId', 'clientSecret'],
    secrets: ['bearer', 'clientSecret', 'password', 'parameters'],
    make: (options) => oauth20(options as unknown as OAuth20Options),
  },
  oauth2: {
    options: oauth2Options,
    credentials: oauth2CredentialsSchema,
    login: ['clientId', 'clientSecret'],
    secrets: ['clientSecret', 'privateKey', 'password', 'assertion', 'assertionKey', 'parameters'],
    urlOption: 'issuer',
    optionSecrets: ['clientSecret', 'privateKey', 'dpopKey'],
    make: (options) => oauth2(options as unknown as OAuth2Options),
  },
  http: {
    options: providerDeclarationSchema
      .omit({ id: true, $schema: true })
      .partial({ baseUrl: true })
      .extend({ file: z.string().min(1, 'must not be empty').optional() }),
    credentials: z.record(z.string(), z.unknown()),
    login: [],
    secrets: [],
    make: ({ file: _read, ...declaration }) =>
      httpProvider(declaration as unknown as ProviderDeclaration),
    secretsOf: ({ credentials = {} }) =>
      Object.entries(credentials as NonNullable<ProviderDeclaration['credentials']>)
        .filter(([, { secret = true }]) => secret)
        .map(([name]) => name),
  },
} as const satisfies Record<KindName, ProviderKind>;

export { type KindName, kindNames, starterKinds };

export function isKind(name: unknown): name is KindName {
  return typeof name === 'string' && Object.hasOwn(providerKinds, name);
}

export function kindOf(name: KindName): ProviderKind {
  return providerKinds[name];
}

/** The option of this kind that says where its server is. */
export function urlOptionOf(kind: KindName): string {
  return kindOf(kind).urlOption ?? 'baseUrl';
}
