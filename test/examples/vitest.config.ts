import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The same files that Jest runs, over the built packages; not those that run processes of their own. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  resolve: { alias: { '@jest/globals': 'vitest' } },
  test: { include: ['*.test.ts'], exclude: ['*.process.test.ts'] },
});
