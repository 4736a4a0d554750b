import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { everyBrokenProvider } from './every-broken-provider.js';
import { failuresOf } from './failures-of.js';
import { conformancePage } from './page.js';

const { values: flags } = parseArgs({
  options: { write: { type: 'string' }, only: { type: 'string', multiple: true } },
});

let missed = 0;
for (const { id, title, make, caughtBy, prints } of everyBrokenProvider) {
  if (flags.only !== undefined && !flags.only.includes(id)) continue;
  const failures = await failuresOf(make);
  const found = failures.find(({ rule }) => rule === caughtBy);
  if (found?.sentence !== prints) missed += 1;
  const others = failures.length - (found === undefined ? 0 : 1);
  console.log(`${id}: ${title}`);
  console.log(`  caught by  ${found === undefined ? 'NOBODY' : caughtBy}`);
  console.log(`  who says   ${found?.sentence ?? '-'}`);
  if (found !== undefined && found.sentence !== prints) console.log(`  and not    ${prints}`);
  if (others > 0) console.log(`  and by     ${others} more`);
}
console.log(missed === 0 ? 'All are caught.' : `${missed} are not caught as they should be.`);
if (missed > 0) process.exitCode = 1;
else if (flags.write !== undefined) writeFileSync(flags.write, conformancePage());
