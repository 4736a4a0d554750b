import { type AccessToken, TokenError } from '@tokenkeep/core';
import type { SimProcess } from './host/sim-process.js';
import type { Asking } from './watcher.js';
import type { World } from './world.js';

const defaultWaitMs = 15_000;

/** One question of one caller to an engine: watchers are told of it, and of its answer. */
export class Question implements Asking {
  readonly askedAt: number;
  readonly timesHeldBefore: number;

  constructor(
    private readonly world: World,
    readonly process: SimProcess,
    readonly account: string,
    readonly waitMs: number = defaultWaitMs,
  ) {
    this.askedAt = world.now;
    this.timesHeldBefore = process.timesHeld;
    world.tell('asked', this);
  }

  served(token: AccessToken): void {
    const { world, process, account } = this;
    world.note(process.id, 'served', account, token.generation);
    world.tell('served', this, token);
  }

  /** It was no question: the engine said what is wrong with the call. */
  withdrawn(): void {
    this.world.tell('refused', this, new TokenError('ABORTED', 'It was no question.'));
  }

  refused(error: unknown): void {
    const { world, process, account } = this;
    if (!TokenError.is(error)) {
      world.violate('I15', `${account}: an answer that is no TokenError: ${describe(error)}`);
      return;
    }
    world.note(process.id, `refused: ${error.code} ${error.reason ?? ''}`, account);
    world.tell('refused', this, error);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
