import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutant.js';
import { mutatedFiles } from './mutated-source.js';

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const modules = join(packages, '../node_modules');
const scope = '@tokenkeep';

/**
 * What is built of the simulator and of everything below it, copied to a place of its own, so that
 * files of the engine can be exchanged without anybody else noticing.
 */
export class EngineCopy implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'tokenkeep-mutant-'));
  readonly #engine = join(this.#root, 'node_modules', scope, 'core/dist');
  #exchanged: string[] = [];

  constructor() {
    const own = join(this.#root, 'node_modules');
    mkdirSync(join(own, scope), { recursive: true });
    for (const name of readdirSync(modules)) {
      if (name !== scope && !name.startsWith('.'))
        symlinkSync(join(modules, name), join(own, name));
    }
    for (const name of ['simulator', ...partsOf('simulator')]) {
      const [from, to] = [join(packages, name), join(own, scope, name)];
      mkdirSync(to);
      cpSync(join(from, 'package.json'), join(to, 'package.json'));
      cpSync(join(from, 'dist'), join(to, 'dist'), {
        recursive: true,
        filter: (path) => !/[.](map|d[.]ts|tsbuildinfo)$/.test(path),
      });
    }
  }

  /** The script to run, on the engine as it is changed at that moment. */
  get script(): string {
    return join(this.#root, 'node_modules', scope, 'simulator/dist/mutants/try-seeds.js');
  }

  /** Makes the engine in it that mutant, and no other any more. */
  become(mutant: Mutant): void {
    this.restore();
    for (const [file, code] of mutatedFiles(mutant)) {
      writeFileSync(join(this.#engine, file), code);
      this.#exchanged.push(file);
    }
  }

  /** Makes the engine in it the one that is shipped. */
  restore(): void {
    for (const file of this.#exchanged) {
      cpSync(join(packages, 'core/dist', file), join(this.#engine, file));
    }
    this.#exchanged = [];
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Our packages that one of them is made of. */
function partsOf(name: string): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  return Object.keys(dependencies)
    .filter((each) => each.startsWith(`${scope}/`))
    .map((each) => each.slice(scope.length + 1));
}
