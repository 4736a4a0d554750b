// One step of getting ready: its title, signs of life, and how it ended.
import { endLike, run } from './child.mjs';

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/**
 * @param {string} title
 * @param {string} command
 * @param {readonly string[]} args
 */
export async function step(title, command, args) {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`> ${title} ...`);
  const heartbeat = setInterval(() => say(`  ... ${seconds()} s`), 10_000);
  const end = await run(command, args);
  clearInterval(heartbeat);
  if (end.code === 0 && end.signal === null) {
    say(`  done in ${seconds()} s`);
    return true;
  }
  say(`  FAILED after ${seconds()} s: ${title}`);
  endLike(end);
  return false;
}
