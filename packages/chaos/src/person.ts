import { setTimeout as sleep } from 'node:timers/promises';
import type { Diary } from './diary.js';
import { type EngineSettings, witnessedEngine } from './witnessed-engine.js';

/** Logs in by hand where engines have no credentials, soon after they ask for it. */
export class Person {
  readonly #wanted = new Set<string>();
  #isHome = false;
  #busy: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: () => EngineSettings,
    private readonly diary: Diary,
  ) {}

  async logInAll(accounts: readonly string[]): Promise<void> {
    for (const account of accounts) this.#wanted.add(account);
    await this.#work();
  }

  /** Somebody has said that nothing but a person helps this account. */
  asked(account: string): void {
    if (this.#isHome || this.#wanted.has(account)) return;
    this.#wanted.add(account);
    this.#busy = this.#busy.then(() => this.#work());
  }

  async goHome(): Promise<void> {
    this.#isHome = true;
    await this.#busy;
  }

  async #work(): Promise<void> {
    while (this.#wanted.size > 0 && !this.#isHome) {
      try {
        await using engine = await witnessedEngine(this.settings(), (told) =>
          this.diary.heard('person', told),
        );
        for (const account of this.#wanted) {
          await engine.login(account);
          this.#wanted.delete(account);
          this.diary.disturbed(`a person logs in for ${account}`);
        }
      } catch (error) {
        this.diary.disturbed(`a person could not log in: ${error}`);
        await sleep(1_000);
      }
    }
  }
}
