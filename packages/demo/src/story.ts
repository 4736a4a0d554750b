import { setTimeout as sleep } from 'node:timers/promises';
import { TokenError } from '@tokenkeep/core';
import { ApiCaller } from './api-caller.js';
import { breakPromise } from './breakers.js';
import type { Member } from './cast.js';
import { type Breakage, breakages } from './command-line.js';
import { callEveryMs } from './pace.js';
import type { Screen } from './screen.js';
import type { Stage } from './stage.js';
import type { StoryFacts } from './story-facts.js';
import { Traffic } from './traffic.js';

const crowdSize = 20;
const mostDrainMs = 5_000;

/** What happens, in chapters. An aborted signal ends it at the next pause, with an AbortError. */
export class Story {
  readonly facts: StoryFacts;
  readonly #crm: ApiCaller;
  readonly #shop: ApiCaller;
  readonly #traffic: Readonly<Record<'crm' | 'fleet' | 'staff' | 'shop', Traffic>>;

  constructor(
    private readonly stage: Stage,
    private readonly screen: Screen,
    private readonly signal: AbortSignal,
    callers: ApiCaller[],
  ) {
    const { cast } = stage;
    const caller = (member: Member) => new ApiCaller(member, stage, screen);
    this.#crm = caller(cast.crm);
    this.#shop = caller(cast.shop);
    const [fleet, staff] = [caller(cast.fleet), caller(cast.staff)];
    callers.push(this.#crm, fleet, staff, this.#shop);
    this.facts = { refusalsProvoked: 0, sessions: { opened: 0, rotations: 0 }, callers };
    this.#traffic = {
      crm: new Traffic(this.#crm, callEveryMs.crm),
      fleet: new Traffic(fleet, callEveryMs.fleet),
      staff: new Traffic(staff, callEveryMs.staff),
      shop: new Traffic(this.#shop, callEveryMs.shop),
    };
  }

  async play(breakage: Breakage | undefined, keep: boolean): Promise<void> {
    await this.#everybodyGetsAToken();
    await this.#goodTokenIsRefused();
    await this.#sessionWithRotation();
    await this.#crowdAfterTheEnd();
    await this.#restart();
    if (breakage !== undefined) await this.#breakage(breakage);
    if (keep) await this.#goOn();
  }

  /** Lets every call come back. */
  async curtain(): Promise<void> {
    await Promise.all(Object.values(this.#traffic).map((traffic) => traffic.pause()));
  }

  async #everybodyGetsAToken(): Promise<void> {
    this.screen.chapter(
      'Everybody gets a token',
      'TeleTracker and the identity server are renewed ahead of the end, in the background.',
      'ChatApp asks not to be: its token is used until it ends or is refused.',
    );
    this.#traffic.fleet.resume();
    this.#traffic.staff.resume();
    this.#traffic.crm.resume();
    await this.#pause(6_000);
  }

  async #goodTokenIsRefused(): Promise<void> {
    this.screen.chapter(
      'An API refuses a token that has not ended',
      'ChatApp ends one behind our back. The engine renews it, saves it, repeats the call.',
    );
    // One call at a time now: the story knows exactly which one is refused.
    await this.#traffic.crm.pause();
    await this.#untilLeft([[this.stage.cast.crm, 3_000]]);
    this.stage.cast.refuseCrm();
    this.facts.refusalsProvoked += 1;
    await this.#crm.call();
    await this.#pause(1_500);
  }

  async #sessionWithRotation(): Promise<void> {
    this.screen.chapter(
      'A chain, a session, a rotation for security',
      'The shop logs in with the token of identity/staff. DELETE ends what is no longer needed.',
    );
    await this.#shopSession(2_500);
  }

  async #shopSession(halfMs: number): Promise<void> {
    const { engine, cast } = this.stage;
    try {
      await engine.withSession(cast.shop.name, async (session) => {
        await session.getToken();
        this.facts.sessions.opened += 1;
        this.#traffic.shop.resume();
        await this.#pause(halfMs);
        await this.#rotateShop();
        await this.#drained();
        await this.#pause(halfMs / 2);
        await this.#traffic.shop.pause();
      });
    } finally {
      await this.#traffic.shop.pause();
    }
  }

  /** The guard may say "not so soon" just after another renewal; it also says when. */
  async #rotateShop(): Promise<void> {
    const { engine, cast } = this.stage;
    using _ = engine.on('token:rotated', () => {
      this.facts.sessions.rotations += 1;
    });
    for (;;) {
      try {
        await engine.rotate(cast.shop.name);
        return;
      } catch (error) {
        if (!TokenError.is(error, 'GUARD_REFUSED') || error.retryAt === undefined) throw error;
        await this.#pause(Math.max(50, error.retryAt - Date.now()));
      }
    }
  }

  /** Not cut short by Ctrl-C: the old token would be ended by the next engine, after the story. */
  async #drained(): Promise<void> {
    const { server } = this.stage.cast.shop;
    const wanted = this.facts.sessions.opened - 1 + this.facts.sessions.rotations;
    const deadline = Date.now() + mostDrainMs;
    while (server.log.count({ operation: 'revoke' }) < wanted && Date.now() < deadline) {
      await sleep(50);
    }
  }

  async #crowdAfterTheEnd(): Promise<void> {
    const { crm } = this.stage.cast;
    this.screen.chapter(
      'A crowd after a quiet time',
      'Nobody has used ChatApp for a while, so nothing was sent. Its token ends, and then',
      `${crowdSize} callers come at once.`,
    );
    const ended = () => crm.server.truth.current(crm.name)?.accessEndsAt ?? 0;
    while (Date.now() < ended()) await this.#pause(100);
    const refreshes = () => crm.server.log.count({ operation: 'refresh' });
    const before = { refreshes: refreshes(), answered: this.#crm.answered };
    await Promise.all(Array.from({ length: crowdSize }, () => this.#crm.call()));
    this.facts.crowd = {
      callers: crowdSize,
      answered: this.#crm.answered - before.answered,
      refreshes: refreshes() - before.refreshes,
    };
    this.screen.happening({
      kind: 'served',
      account: crm.id,
      text: `${this.facts.crowd.answered} callers, ${this.facts.crowd.refreshes} refresh`,
    });
    this.#traffic.crm.resume();
    await this.#pause(2_500);
  }

  async #restart(): Promise<void> {
    const { crm, fleet, staff } = this.stage.cast;
    const accounts = [crm, fleet, staff];
    this.screen.chapter(
      'A restart',
      'The engine stops; a new one opens the same SQLite file and goes on with the same tokens.',
    );
    // Tokens with some life left, so that none is due just then.
    await this.#untilLeft([
      [crm, 2_000],
      [staff, 5_000],
      [fleet, 4_000],
    ]);
    await this.curtain();
    const logins = () => accounts.reduce((sum, { server }) => sum + server.log.logins().length, 0);
    const tokens = () => Promise.all(accounts.map(({ name }) => this.stage.engine.getToken(name)));
    const loginsBefore = logins();
    const before = await tokens();
    await this.stage.restart();
    const after = await tokens();
    const same = after.filter((token, index) => before[index]?.secret.equals(token.secret));
    this.facts.restart = {
      same: same.length,
      accounts: accounts.length,
      logins: logins() - loginsBefore,
    };
    this.#resumeAll();
    await this.#pause(6_000);
  }

  async #breakage(breakage: Breakage): Promise<void> {
    this.screen.chapter(`A promise is broken on purpose: ${breakage}`, `${breakages[breakage]}.`);
    await breakPromise(breakage, { stage: this.stage, screen: this.screen, signal: this.signal });
    await this.#pause(2_000);
  }

  async #goOn(): Promise<never> {
    this.screen.chapter('And so on', 'Until Ctrl-C.');
    for (;;) {
      await this.#pause(6_000);
      await this.#shopSession(3_000);
    }
  }

  #resumeAll(): void {
    for (const name of ['crm', 'fleet', 'staff'] as const) this.#traffic[name].resume();
  }

  /** Until each of these tokens has so much left at one moment. */
  async #untilLeft(wanted: readonly (readonly [Member, number])[]): Promise<void> {
    for (;;) {
      const tokens = wanted.map(async ([{ name }, ms]) => {
        const { expiresAt } = await this.stage.engine.getToken(name);
        return expiresAt - Date.now() >= ms;
      });
      if ((await Promise.all(tokens)).every(Boolean)) return;
      await this.#pause(100);
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal });
  }
}
