import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The built program. */
const mainPath = fileURLToPath(new URL('../dist/main.js', import.meta.url));

export interface CliRun {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then ended. */
  readonly stdin?: string;
}

export interface CliEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** `tokenkeep` in a process of its own. */
export class RunningCli {
  readonly ended: Promise<CliEnd>;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #out = '';
  #err = '';

  constructor(args: readonly string[], { cwd, env = {}, stdin = '' }: CliRun) {
    if (!existsSync(mainPath)) throw new Error('The program is not built: run `npm run build`.');
    const { PATH = '', HOME = '' } = process.env;
    this.#process = spawn(process.execPath, [mainPath, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd,
      env: { PATH, HOME, TERM: 'xterm', ...env },
    });
    this.#process.stdin.on('error', () => {});
    this.#process.stdin.end(stdin);
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text;
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text;
    });
    this.ended = this.#end();
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Everything it has written, to whichever of the two. */
  get written(): string {
    return this.#out + this.#err;
  }

  /** Resolves when it has written this, to whichever of the two. */
  async shows(text: string): Promise<void> {
    while (!this.written.includes(text)) {
      if (!this.running) throw new Error(`It never showed "${text}" but: ${this.written}`);
      await Promise.race([
        once(this.#process.stdout, 'data'),
        once(this.#process.stderr, 'data'),
        once(this.#process, 'close'),
      ]);
    }
  }

  /** Stops reading what it writes to stdout, as `head` does. */
  leave(): void {
    this.#process.stdout.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async kill(): Promise<void> {
    if (this.running) this.#process.kill('SIGKILL');
    // A child of it may hold the other ends.
    this.#process.stdout.destroy();
    this.#process.stderr.destroy();
    await this.ended;
  }

  async #end(): Promise<CliEnd> {
    const [code, signal] = await once(this.#process, 'close');
    return { code, signal, out: this.#out, err: this.#err };
  }
}
