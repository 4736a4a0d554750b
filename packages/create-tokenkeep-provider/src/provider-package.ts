import { readFileSync } from 'node:fs';
import { conformanceTest } from './files/conformance-test.js';
import { credentialsSource } from './files/credentials-source.js';
import { indexSource } from './files/index-source.js';
import { manifest } from './files/manifest.js';
import { optionsSource } from './files/options-source.js';
import { profileSource } from './files/profile-source.js';
import { providerSource } from './files/provider-source.js';
import { readme } from './files/readme.js';
import { repliesSource } from './files/replies-source.js';
import { tsconfig } from './files/tsconfig.js';
import { workflow } from './files/workflow.js';
import type { ProviderChoices } from './provider-choices.js';

/** @returns the texts of a provider's package, by their paths in its folder */
export function providerPackage(choices: ProviderChoices): ReadonlyMap<string, string> {
  return new Map([
    ['package.json', manifest(choices)],
    ['tsconfig.json', tsconfig],
    ['src/index.ts', indexSource(choices)],
    ['src/provider.ts', providerSource(choices)],
    ['src/options.ts', optionsSource(choices)],
    ['src/credentials.ts', credentialsSource(choices)],
    ['src/profile.ts', profileSource(choices)],
    ['src/replies.ts', repliesSource(choices)],
    ['test/conformance.test.ts', conformanceTest(choices)],
    ['README.md', readme(choices)],
    // It names nobody: the one of this package is as good as any.
    ['LICENSE', readFileSync(new URL('../LICENSE', import.meta.url), 'utf8')],
    ['.gitignore', 'node_modules/\ndist/\n'],
    ['.github/workflows/ci.yml', workflow],
  ]);
}
