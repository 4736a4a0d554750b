import type { Heard } from './engine-process.js';
import type { AttemptEvidence, Evidence, HandedBy, ProcessLife } from './evidence.js';
import type { Cut } from './reply-cutter.js';
import { realNow } from './time-scale.js';

/** What happened, as it was heard of or done. The judges read nothing else but the servers' logs. */
export class Diary {
  readonly attempts = new Map<string, AttemptEvidence>();
  readonly cuts = new Map<string, Cut>();
  readonly handed: HandedBy[] = [];
  readonly events: Evidence['events'][number][] = [];
  readonly disturbances: { at: number; what: string }[] = [];
  readonly escrowWindowsMs: number[] = [];
  readonly #lives = new Map<string, { startedAt: number; killedAt: number | undefined }>();
  readonly #counts = new Map<string, { readonly served: number; readonly refused: number }>();

  disturbed(what: string): void {
    this.disturbances.push({ at: realNow(), what });
  }

  began(process: string): void {
    this.#lives.set(process, { startedAt: realNow(), killedAt: undefined });
  }

  killed(process: string): void {
    const life = this.#lives.get(process);
    if (life !== undefined) life.killedAt = realNow();
  }

  get lives(): ProcessLife[] {
    return [...this.#lives].map(([name, life]) => ({ name, ...life }));
  }

  get counts(): { readonly served: number; readonly refused: number } {
    const all = [...this.#counts.values()];
    const sum = (name: 'served' | 'refused') => all.reduce((total, each) => total + each[name], 0);
    return { served: sum('served'), refused: sum('refused') };
  }

  heard(process: string, heard: Heard): void {
    switch (heard.told) {
      case 'handed':
        this.#counts.set(process, heard.counts);
        for (const token of heard.tokens) this.handed.push({ ...token, process, saidAt: heard.at });
        return;
      case 'point': {
        // Those before an attempt has begun belong to none: the name they carry is an earlier one's.
        if (heard.point === 'CP0' || heard.point === 'CP1') return;
        const attempt = this.attempts.get(heard.attemptId);
        if (attempt !== undefined && attempt.endedAt === undefined) attempt.point = heard.point;
        return;
      }
      case 'window':
        this.escrowWindowsMs.push(heard.ms);
        return;
      default: {
        const { told: name, at, facts } = heard;
        this.events.push({ at, process, name, facts });
        this.#learn(process, name, at, facts);
      }
    }
  }

  #learn(process: string, name: string, at: number, facts: Evidence['events'][number]['facts']) {
    const { account = '', attemptId, generation = 0, operation = '' } = facts;
    if (attemptId === undefined) return;
    if (name === 'renewal:started') {
      this.attempts.set(attemptId, {
        attemptId,
        process,
        account,
        operation,
        generation,
        startedAt: at,
        point: undefined,
        keptAt: undefined,
        endedAt: undefined,
        error: undefined,
      });
      return;
    }
    const attempt = this.attempts.get(attemptId);
    if (attempt === undefined) return;
    const isKept = ['token:renewed', 'token:obtained', 'escrow:written', 'escrow:replayed'];
    if (isKept.includes(name)) attempt.keptAt ??= at;
    if (name === 'renewal:failed') attempt.error = [facts.code, facts.reason].join(' ');
    const isEnd = ['token:renewed', 'token:obtained', 'renewal:failed'].includes(name);
    if (isEnd && process === attempt.process) attempt.endedAt ??= at;
  }
}
