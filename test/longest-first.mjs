import TestSequencer from '@jest/test-sequencer';

/**
 * Those that run for minutes begin first, so that none of them is left alone at the end: the
 * simulator's, then whatever starts processes, then the rest by size.
 */
// @ts-expect-error its types describe the CommonJS file, where the class is a member
export default class LongestFirst extends TestSequencer {
  /** @param {{ readonly path: string }[]} tests */
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rank(a.path) - rank(b.path));
  }
}

/** @param {string} path */
function rank(path) {
  if (path.includes('/packages/simulator/')) return 0;
  return path.endsWith('.process.test.ts') ? 1 : 2;
}
