import { readFileSync } from 'node:fs';
import type { ProviderChoices } from '../provider-choices.js';

/** What the package is made with and was tested with, beside Tokenkeep itself. */
const versions = { zod: '^4.6.7', typescript: '^7.0.2', '@types/node': '^20.19.43' };

export function manifest({ name }: ProviderChoices): string {
  const tokenkeep = `^${versionOfTokenkeep()}`;
  const { zod, ...tools } = versions;
  const data = {
    name: `tokenkeep-provider-${name}`,
    version: '0.1.0',
    description: `Provider plug-in of Tokenkeep for ${name}.`,
    keywords: ['tokenkeep', 'tokenkeep-provider', name, 'access-token', 'refresh-token'],
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=20.19' },
    sideEffects: false,
    exports: { '.': { types: './dist/src/index.d.ts', default: './dist/src/index.js' } },
    files: ['dist/src', 'src'],
    publishConfig: { access: 'public' },
    scripts: {
      build: 'tsc',
      // A folder, and a repository, can be installed as they are.
      prepare: 'tsc',
      test: 'tsc && node --test dist/test/*.test.js',
      prepublishOnly: 'npm test',
    },
    dependencies: { zod },
    peerDependencies: { '@tokenkeep/core': tokenkeep },
    devDependencies: { '@tokenkeep/core': tokenkeep, '@tokenkeep/testing': tokenkeep, ...tools },
  };
  return `${JSON.stringify(data, null, 2)}\n`;
}

/** All packages carry one version. */
function versionOfTokenkeep(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
