import { drawFrom } from '../draw.js';
import { runDraw } from '../run-draw.js';
import type { TriedSeed } from './tried-seed.js';

// A program: it plays the seeds that are named, `17`, or `17:3600000` up to a moment, and prints
// for each one line of JSON, a `TriedSeed`.
for (const argument of process.argv.slice(2)) {
  const [seed = 0, until] = argument.split(':').map(Number);
  const began = performance.now();
  const { violations } = await runDraw(drawFrom(seed), { untilMs: until });
  const tookMs = Math.round(performance.now() - began);
  const tried: TriedSeed = { seed, violation: violations[0], tookMs };
  process.stdout.write(`${JSON.stringify(tried)}\n`);
}
