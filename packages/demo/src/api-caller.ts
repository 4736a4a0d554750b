import type { AccessToken } from '@tokenkeep/core';
import type { Member } from './cast.js';
import type { Screen } from './screen.js';
import type { Stage } from './stage.js';

/** Uses one account's API as a service would: through `withToken`, knowing nothing of renewal. */
export class ApiCaller {
  calls = 0;
  answered = 0;
  replayed = 0;
  /** Calls of the newest generation, so that each generation is shown once and the rest counted. */
  #callsByGeneration = new Map<number, number>();

  constructor(
    readonly member: Member,
    private readonly stage: Stage,
    private readonly screen: Screen,
  ) {}

  callsWith(generation: number): number {
    return this.#callsByGeneration.get(generation) ?? 0;
  }

  async call(): Promise<void> {
    const { id, name, server, apiPath } = this.member;
    const tokens: AccessToken[] = [];
    this.calls += 1;
    try {
      const response = await this.stage.engine.withToken(name, (token) => {
        tokens.push(token);
        return fetch(server.url + apiPath, { headers: token.headers() });
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`GET ${apiPath} was answered ${response.status}`);
      this.answered += 1;
      const [first, second] = tokens;
      if (first !== undefined) this.#tell(first, second);
    } catch (error) {
      const text = (error as { code?: string }).code ?? (error as Error).message;
      this.screen.happening({ kind: 'trouble', account: id, text });
    }
  }

  #tell(first: AccessToken, second: AccessToken | undefined): void {
    const { id: account, apiPath } = this.member;
    const { generation, expiresAt } = second ?? first;
    const before = this.callsWith(generation);
    this.#callsByGeneration.set(generation, before + 1);
    const facts = { account, generation, lifeMs: expiresAt - Date.now() };
    if (second !== undefined) {
      this.replayed += 1;
      const text = `the same GET ${apiPath}, answered 200`;
      this.screen.happening({ kind: 'replayed', text, ...facts });
    } else if (before === 0) {
      this.screen.happening({ kind: 'served', text: `GET ${apiPath} answered 200`, ...facts });
    }
  }
}
