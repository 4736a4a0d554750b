import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const pretendTerminal = 'data:text/javascript,process.stdout.isTTY=true';

export interface DemoRun {
  /** Makes the demo believe that its output is a terminal. */
  readonly terminal?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface DemoEnd {
  readonly code: number | null;
  readonly output: string;
  readonly complaints: string;
  readonly seconds: number;
  /** What it left in its folder for temporary files. */
  readonly leftBehind: readonly string[];
}

/** The built demo in a process of its own, with a folder for temporary files of its own. */
export class RunningDemo {
  readonly ended: Promise<DemoEnd>;
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  #output = '';
  #complaints = '';

  constructor(args: readonly string[], { terminal = false, env = {} }: DemoRun = {}) {
    if (!existsSync(main)) throw new Error('The demo is not built: run `npm run build`.');
    const temporary = mkdtempSync(join(tmpdir(), 'demo-test-'));
    const { NO_COLOR: _ours, FORCE_COLOR: _theirs, ...inherited } = process.env;
    const node = terminal ? ['--import', pretendTerminal, main] : [main];
    this.#process = spawn(process.execPath, [...node, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, TERM: 'xterm', TMPDIR: temporary, ...env },
    });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    this.ended = this.#end(temporary);
  }

  /** Resolves when the demo has shown this. */
  async shows(text: string): Promise<void> {
    while (!this.#output.includes(text)) {
      if (this.#process.exitCode !== null) throw new Error(`never showed "${text}"`);
      await once(this.#process.stdout, 'data');
    }
  }

  interrupt(): void {
    this.#process.kill('SIGINT');
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  async #end(temporary: string): Promise<DemoEnd> {
    const startedAt = performance.now();
    const [code] = (await once(this.#process, 'close')) as [number | null];
    const leftBehind = readdirSync(temporary);
    rmSync(temporary, { recursive: true, force: true });
    return {
      code,
      output: this.#output,
      complaints: this.#complaints,
      seconds: (performance.now() - startedAt) / 1_000,
      leftBehind,
    };
  }
}
