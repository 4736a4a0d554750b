import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderWith, type WrittenFile } from './config-folder.js';

/** A good provider in plain JavaScript: Acme has `POST /auth/login` and `POST /auth/refresh`. */
export const acmeSource = `
import { lifetimeFrom, PROVIDER_CONTRACT, refusalKindByStatus, refuse, Secret, TokenError } from '@tokenkeep/core';
import { z } from 'zod';

export const optionsSchema = z.strictObject({ baseUrl: z.url(), patienceMs: z.int().optional(), key: z.string().optional() });
export const credentialsSchema = z.strictObject({
  user: z.string().min(1),
  password: z.string().min(1).transform((text) => new Secret(text)),
});
export const secrets = ['password', 'key'];

function read(reply) {
  const json = reply.jsonIfAny();
  if (!reply.ok || json?.success === false) {
    throw refuse(reply.ok ? 'credentials_rejected' : refusalKindByStatus(reply.status), reply, {});
  }
  return { accessToken: json.token, lifetimeMs: lifetimeFrom(json.tokenLifetime), refreshToken: json.refreshToken };
}

export default function acme({ id = 'acme', baseUrl, key }) {
  if (key?.startsWith('bad')) throw new TokenError('CONFIGURATION_INVALID', 'The key ' + key + ' is no key of Acme.');
  return {
    contract: PROVIDER_CONTRACT,
    id,
    credentials: credentialsSchema,
    profile: {
      apiOrigins: [new URL(baseUrl).origin],
      renewal: 'ahead',
      refreshToken: { singleUse: true, reuseGraceMs: 0 },
      inDoubt: 'never-resend',
      notProcessed: [429],
      refreshRevokesAccessToken: true,
      revocationScope: 'grant',
      lifetime: { defaultMs: 300_000, maxMs: 86_400_000, zeroMeans: 'invalid' },
      passwordLogin: true,
      budgets: [],
    },
    async obtain({ user, password }, call) {
      const json = { username: user, password };
      return read(await call.send({ method: 'POST', url: baseUrl + '/auth/login', json }));
    },
    async refresh(refreshToken, call) {
      const json = { refresh_token: refreshToken };
      return read(await call.send({ method: 'POST', url: baseUrl + '/auth/refresh', json }));
    },
    authorize: (headers, token) => headers.set('Authorization', 'Bearer ' + token.reveal()),
    isTokenRejection: async ({ status }) => status === 401,
  };
}
`;

export interface WrittenPackage {
  readonly source: string | WrittenFile;
  /** Members of its package.json that differ. */
  readonly manifest?: object;
}

type Files = Readonly<Record<string, string | WrittenFile>>;

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url));
const installed = fileURLToPath(new URL('../../../node_modules/', import.meta.url));

/** A folder with these packages in its `node_modules`, beside those that they depend on. */
export function folderWithPackages(
  names: Readonly<Record<string, string | WrittenPackage>>,
  files: Files = {},
): string {
  const written = Object.entries(names).flatMap(([name, given]) => {
    const { source, manifest = {} } = typeof given === 'string' ? { source: given } : given;
    const base = { name, version: '1.0.0', type: 'module', exports: './index.js' };
    return [
      [`node_modules/${name}/index.js`, source],
      [`node_modules/${name}/package.json`, JSON.stringify({ ...base, ...manifest })],
    ] as const;
  });
  const folder = realpathSync(folderWith({ ...Object.fromEntries(written), ...files }));
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@tokenkeep'), { recursive: true, mode: 0o700 });
  symlinkSync(join(packages, 'core'), join(modules, '@tokenkeep/core'));
  symlinkSync(join(installed, 'zod'), join(modules, 'zod'));
  return folder;
}
