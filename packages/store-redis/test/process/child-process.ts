import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./child.mjs', import.meta.url));
const built = new URL('../../dist/index.js', import.meta.url);

/** A running `child.mjs`. Its answers are read one by one. */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string>;
  readonly ended: Promise<unknown>;
  #complaints = '';

  constructor(command: string, facts: object) {
    if (!existsSync(built)) throw new Error('The package is not built: run `npm run build`.');
    this.#process = spawn(process.execPath, [script, command], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    this.#process.stdin.on('error', () => {});
    this.ended = once(this.#process, 'close');
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    // A URL has a password, which is for no list of processes.
    this.#process.stdin.write(`${JSON.stringify(facts)}\n`);
  }

  get exitCode(): number | null {
    return this.#process.exitCode;
  }

  /** What it wrote to stderr. */
  get complaints(): string {
    return this.#complaints;
  }

  async answer<T>(): Promise<T> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`The child ended without an answer: ${this.#complaints}`);
    return JSON.parse(value) as T;
  }

  go(): void {
    this.#process.stdin.write('go\n');
  }
}

/** Runs `count` children that begin their work at the same moment. */
export async function together<T>(count: number, command: string, facts: object): Promise<T[]> {
  const children = Array.from({ length: count }, () => new Child(command, facts));
  await Promise.all(children.map((child) => child.answer()));
  for (const child of children) child.go();
  const answers = await Promise.all(children.map((child) => child.answer<T>()));
  await Promise.all(children.map((child) => child.ended));
  return answers;
}
