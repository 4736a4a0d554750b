import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./child.mjs', import.meta.url));
const built = new URL('../../dist/index.js', import.meta.url);

export interface ChildOptions {
  /** The command line that runs node, e.g. under another user. */
  readonly wrapper?: readonly string[];
}

/** A running `child.mjs`. Its answers are read one by one. */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string>;
  readonly ended: Promise<unknown>;
  #complaints = '';

  constructor(command: string, facts: object, { wrapper = [] }: ChildOptions = {}) {
    if (!existsSync(built)) throw new Error('The package is not built: run `npm run build`.');
    const line = [...wrapper, process.execPath, script, command, JSON.stringify(facts)];
    const [program = '', ...args] = line;
    this.#process = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    this.#process.stdin.on('error', () => {});
    this.ended = once(this.#process, 'close');
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
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

/** Runs node with a small disk mounted for it alone; the mount goes away with the process. */
export function onSmallDisk(folder: string, options: string): readonly string[] {
  const mount = `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', mount, folder];
}

export const canMount =
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

/** The user `nobody`, where this process may become it. */
export const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
export const canBecomeNobody = spawnSync('setpriv', [...asNobody.slice(1), 'true']).status === 0;
