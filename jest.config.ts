/**
 * @jest-config-loader esbuild-register
 */
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]+/dist/'],
  setupFiles: ['<rootDir>/test/few-frames.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@tokenkeep/([a-z0-9-]+)/([a-z]+)$': '<rootDir>/packages/$1/src/$2/index.ts',
    '^tokenkeep$': '<rootDir>/packages/cli/src/index.ts',
    '^@tokenkeep/([a-z0-9-]+)$': '<rootDir>/packages/$1/src/index.ts',
    // TypeScript sources name their neighbours with `.js`; real `.js` files are found first.
    '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'],
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          // Node 20 has no `using` declarations: ES2022 compiles them away.
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Simulations are bound by the processor: on a busy machine each takes its time.
  testTimeout: 240_000,
  testSequencer: '<rootDir>/test/longest-first.mjs',
  maxWorkers: 2,
  // Modules of a test file are never let go. With a gigabyte of them every test takes three times as long.
  workerIdleMemoryLimit: '256MB',
};

export default config;
