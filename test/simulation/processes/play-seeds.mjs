// Plays the seeds in its arguments, each for some hours, and writes their hashes: `1 0123456789abcdef`.

import { drawFrom, runDraw } from '@tokenkeep/simulator';

const longestMs = 4 * 3_600_000;

for (const seed of process.argv.slice(2).map(Number)) {
  const draw = drawFrom(seed);
  const { hash, violations } = await runDraw({
    ...draw,
    chaosMs: Math.min(draw.chaosMs, longestMs),
  });
  if (violations.length > 0) throw new Error(`seed ${seed}: ${violations[0]?.message}`);
  console.log(seed, hash);
}
