import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { WorkerJob, WorkerOrder, WorkerReport } from './worker-job.js';

const program = fileURLToPath(new URL('./worker.js', import.meta.url));
type ReportOf<Kind> = Extract<WorkerReport, { kind: Kind }>;

/** Processes that do one job together. They end with the scope that made them. */
export class Workers implements AsyncDisposable {
  readonly #children: readonly ChildProcess[];

  constructor(
    jobs: readonly WorkerJob[],
    private readonly signal: AbortSignal,
  ) {
    signal.throwIfAborted();
    // A million accounts do not fit into the memory that Node allows itself.
    const execArgv = ['--max-old-space-size=6144'];
    this.#children = jobs.map((job) => fork(program, [JSON.stringify(job)], { execArgv }));
    signal.addEventListener('abort', this.#kill);
  }

  /** What each of them reports next. */
  async all<Kind extends WorkerReport['kind']>(kind: Kind): Promise<readonly ReportOf<Kind>[]> {
    return Promise.all(this.#children.map((child) => reportOf(child, kind)));
  }

  tell(order: WorkerOrder): void {
    for (const child of this.#children) child.send(order);
  }

  async ask(): Promise<readonly ReportOf<'measured'>[]> {
    const reports = this.all('measured');
    this.tell('report');
    return reports;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = this.#children.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) resolve();
          child.once('exit', () => resolve());
        }),
    );
    this.signal.removeEventListener('abort', this.#kill);
    this.#kill();
    await Promise.all(ends);
  }

  readonly #kill = (): void => {
    for (const child of this.#children) child.kill('SIGKILL');
  };
}

function reportOf<Kind extends WorkerReport['kind']>(child: ChildProcess, kind: Kind) {
  return new Promise<ReportOf<Kind>>((resolve, reject) => {
    const ended = (code: number | null) => {
      reject(new Error(`A worker ended (${code}) before it said "${kind}".`));
    };
    const heard = (report: WorkerReport) => {
      if (report.kind !== kind) return;
      child.off('exit', ended).off('message', heard);
      resolve(report as ReportOf<Kind>);
    };
    child.on('exit', ended).on('message', heard);
  });
}
