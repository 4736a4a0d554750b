import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../../kept-seeds.json', import.meta.url);

/** Seeds that kill, by the id of the mutant. */
export type KeptSeeds = Readonly<Record<string, readonly number[]>>;

export function keptSeeds(): KeptSeeds {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** One line for each mutant, so that a change shows which one it is about. */
export function keepSeeds(kept: KeptSeeds): void {
  const lines = Object.entries(kept)
    .filter(([, seeds]) => seeds.length > 0)
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([id, seeds]) => `  ${JSON.stringify(id)}: [${seeds.join(', ')}]`);
  writeFileSync(file, `{\n${lines.join(',\n')}\n}\n`);
}
