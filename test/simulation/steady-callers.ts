import { type AccountKey, TokenError } from '@tokenkeep/core';
import type { Service, Simulation } from '@tokenkeep/testing/simulation';

/** What one question came to. Times are true ms since the simulation began. */
export interface Answer {
  readonly askedAt: number;
  readonly at: number;
  /** Which token set was handed out, and what it reads. */
  readonly generation?: number;
  readonly token?: string;
  readonly error?: TokenError;
}

/**
 * Asks a service at a steady pace for as long as it lives, each time whether or not the last
 * question is answered. The answers, in order of their coming, grow while the simulation plays.
 */
export function steadyCallers(
  simulation: Simulation,
  service: Service,
  key: AccountKey,
  everyMs = 1_000,
): readonly Answer[] {
  const answers: Answer[] = [];
  const ask = async () => {
    const askedAt = simulation.now;
    try {
      const token = await service.getToken(key);
      const { generation } = token;
      answers.push({ askedAt, at: simulation.now, generation, token: token.reveal() });
    } catch (error) {
      if (!TokenError.is(error)) throw error;
      answers.push({ askedAt, at: simulation.now, error });
    }
  };
  const goOn = async () => {
    while (service.isAlive) {
      void ask();
      await service.process.clock.sleep(everyMs);
    }
  };
  void goOn();
  return answers;
}
