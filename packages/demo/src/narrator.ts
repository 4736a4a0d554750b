import { eventNames, type TokenEngine, type TokenEvents } from '@tokenkeep/core';
import type { ApiCaller } from './api-caller.js';
import type { Cast, Member } from './cast.js';
import type { Screen } from './screen.js';

/** Told in lines of their own below, or daily work too fine for the story. */
const told: ReadonlySet<string> = new Set([
  'token:obtained',
  'token:renewed',
  'token:adopted',
  'token:refused',
  'token:rotated',
  'token:revoked',
  'renewal:started',
  'escrow:written',
  'guard:tripped',
  'claim:lost',
]);

/** Turns what the engine says, and what servers are asked to end, into lines on the screen. */
export class Narrator {
  /** Why an attempt was made, until its end is known. */
  readonly #triggers = new Map<string, string>();
  /** Which generation a token is, by the mark servers log of it: a DELETE names only the token. */
  readonly #generations = new Map<string, number>();
  /** When the token of an account and generation ends, as its arrival told. */
  readonly #ends = new Map<string, number>();

  constructor(
    private readonly cast: Cast,
    private readonly screen: Screen,
    private readonly callers: () => readonly ApiCaller[],
  ) {
    cast.shop.server.onProcessed(({ operation, outcome, presented, status }) => {
      if (operation !== 'revoke' || outcome !== 'revoked') return;
      screen.happening({
        kind: 'revoked',
        account: cast.shop.id,
        text: `DELETE answered ${status}: ended at the server`,
        generation: this.#generations.get(presented ?? ''),
        lifeMs: 0,
      });
    });
  }

  follow(engine: TokenEngine): void {
    engine.on('renewal:started', ({ attemptId, trigger }) => {
      this.#triggers.set(attemptId, trigger);
    });
    engine.on('token:obtained', (event) => this.#obtained(event));
    engine.on('token:renewed', (event) => this.#renewed(event));
    engine.on('token:adopted', ({ account, generation }) => {
      const text = 'found in the file: no login, no refresh';
      const lifeMs = this.#left(account, generation);
      this.screen.happening({ kind: 'restored', account, text, generation, lifeMs });
    });
    engine.on('token:refused', ({ account, generation }) => {
      const text = 'the API says that it is invalid';
      const lifeMs = this.#left(account, generation);
      this.screen.happening({ kind: 'refused', account, text, generation, lifeMs });
    });
    engine.on('token:rotated', ({ account, generation }) => {
      const text = 'the old one is drained, then ended';
      const lifeMs = this.#left(account, generation);
      this.screen.happening({ kind: 'rotated', account, text, generation, lifeMs });
    });
    engine.on('guard:tripped', ({ account, reason: why }) => {
      const text = `a request too soon is held back: ${why}`;
      this.screen.happening({ kind: 'guarded', account, text });
    });
    engine.on('claim:lost', ({ account }) => {
      const text = 'a renewal came too late to be used';
      this.screen.happening({ kind: 'guarded', account, text });
    });
    for (const name of eventNames) {
      if (told.has(name)) continue;
      engine.on(name, (event) => this.#trouble(name, event));
    }
  }

  #obtained(event: TokenEvents['token:obtained']): void {
    const { account, generation, lifetimeMs } = event;
    const member = this.#member(account);
    const trigger = this.#arrived(event);
    const text = member === undefined ? 'logged in' : obtaining(member, generation, trigger);
    this.screen.happening({ kind: 'obtained', account, text, generation, lifeMs: lifetimeMs });
  }

  #renewed(event: TokenEvents['token:renewed']): void {
    const { account, generation, lifetimeMs } = event;
    const why = reason(this.#arrived(event), this.#member(account)?.onDemand ?? false);
    const caller = this.callers().find((candidate) => candidate.member.id === account);
    const calls = caller?.callsWith(generation - 1) ?? 0;
    const text = `${why}, after ${calls} ${calls === 1 ? 'call' : 'calls'}`;
    this.screen.happening({ kind: 'renewed', account, text, generation, lifeMs: lifetimeMs });
  }

  #trouble(name: string, event: TokenEvents[keyof TokenEvents]): void {
    const {
      account = 'engine',
      reason: why,
      error,
    } = event as {
      account?: string;
      reason?: string;
      error?: { code: string };
    };
    const text = [name, why ?? error?.code].filter(Boolean).join(' ');
    this.screen.happening({ kind: 'trouble', account, text });
  }

  /** @returns what set the attempt off that brought this token */
  #arrived(event: TokenEvents['token:obtained']): string | undefined {
    const { account, generation, lifetimeMs, attemptId } = event;
    this.#ends.set(`${account}#${generation}`, Date.now() + lifetimeMs);
    const member = this.#member(account);
    const issued = member?.server.log
      .where({ accountId: member.name })
      .findLast((entry) => entry.issued !== undefined)?.issued;
    if (issued !== undefined) this.#generations.set(issued, generation);
    const trigger = this.#triggers.get(attemptId);
    this.#triggers.delete(attemptId);
    return trigger;
  }

  #left(account: string, generation: number): number | undefined {
    const endsAt = this.#ends.get(`${account}#${generation}`);
    return endsAt === undefined ? undefined : endsAt - Date.now();
  }

  #member(id: string): Member | undefined {
    return this.cast.members.find((member) => member.id === id);
  }
}

function reason(trigger: string | undefined, onDemand: boolean): string {
  if (trigger === 'refusal') return 'because it was refused';
  return onDemand ? 'on demand, at its end' : 'ahead of its end';
}

function obtaining({ chained, obtains }: Member, generation: number, trigger?: string): string {
  if (!chained || generation === 1) return obtains;
  if (trigger === 'rotation') return 'another one, for a rotation';
  return "anew, with its bearer's newest token";
}
