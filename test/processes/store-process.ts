import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const storeProgram = fileURLToPath(new URL('./store.mjs', import.meta.url));
const built = new URL('../../packages/servers/dist/index.js', import.meta.url);

export interface ChildOptions {
  /** Default `store.mjs`, whose facts have a `place`: the settings of the store it opens. */
  readonly program?: string;
  /** The command line that runs node, e.g. under another user. */
  readonly wrapper?: readonly string[];
}

/** A running `store.mjs`, or another program of its manners. Its answers are read one by one. */
export class Child {
  readonly ended: Promise<unknown>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string>;
  #complaints = '';

  constructor(
    command: string,
    facts: object,
    { program = storeProgram, wrapper = [] }: ChildOptions = {},
  ) {
    if (!existsSync(built)) throw new Error('The packages are not built: run `npm run build`.');
    const [first = '', ...args] = [...wrapper, process.execPath, program, command];
    this.#process = spawn(first, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    this.#process.stdin.on('error', () => {});
    this.ended = once(this.#process, 'close');
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
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

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }
}

export async function askChild<T>(
  command: string,
  facts: object,
  options?: ChildOptions,
): Promise<T> {
  const child = new Child(command, facts, options);
  const answer = await child.answer<T>();
  await child.ended;
  return answer;
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
