import { randomBytes } from 'node:crypto';
import type { AccountConfig } from '@tokenkeep/core';
import type { AuthRefreshOptions } from '@tokenkeep/provider-auth-refresh';
import { fingerprint } from '@tokenkeep/testing';
import type { ServerEvidence } from './evidence.js';
import { type Cut, ReplyCutter } from './reply-cutter.js';
import { accountsOf, loginBudget, type ServerKind, serverKinds } from './server-kinds.js';
import { WitnessedAuthority } from './witnessed-authority.js';

interface Person {
  readonly accountId: string;
  readonly username: string;
  readonly password: string;
}

/** One account server of a kind, and the proxy that stands before it. */
export interface AccountServer {
  readonly kind: ServerKind;
  readonly authority: WitnessedAuthority;
  readonly cutter: ReplyCutter;
  readonly people: readonly Person[];
}

/** The account servers of a run. Their logs and their truth are what it is judged by. */
export class AccountServers {
  private constructor(readonly all: readonly AccountServer[]) {}

  static async start(accounts: number, onCut: (cut: Cut) => void): Promise<AccountServers> {
    return new AccountServers(
      await Promise.all(
        serverKinds.map(async (kind) => {
          const people = accountsOf(kind, accounts).map((accountId) => ({
            accountId,
            username: `${accountId}@example.com`,
            password: randomBytes(18).toString('base64url'),
          }));
          const authority = new WitnessedAuthority({
            accounts: people,
            rules: kind.rules,
            omitsReusedRefreshToken: true,
          });
          if (kind.refreshTokensDie) endingRefreshTokens(authority);
          await authority.start();
          const port = Number(new URL(authority.url).port);
          const cutter = await new ReplyCutter(port, onCut).start();
          return { kind, authority, cutter, people };
        }),
      ),
    );
  }

  get providers(): AuthRefreshOptions[] {
    return this.all.map(({ kind, cutter }) => ({
      id: kind.name,
      baseUrl: cutter.url,
      refreshToken: kind.refreshToken,
      inDoubt: kind.inDoubt,
    }));
  }

  /** @param person whether a person is there, who knows every password */
  accounts(person = false): AccountConfig[] {
    return this.all.flatMap(({ kind, people }) =>
      people.map(({ accountId, username, password }) => ({
        provider: kind.name,
        account: accountId,
        ...(kind.logsIn || person ? { credentials: { username, password } } : {}),
      })),
    );
  }

  get names(): string[] {
    return this.all.flatMap(({ people }) => people.map(({ accountId }) => accountId));
  }

  /** Whether a server takes the token with this fingerprint for a live one of this account. */
  accepts(account: string, print: string): boolean {
    return this.all.some(({ authority }) => {
      const sets = authority.truth.tokens.of(account).flatMap((family) => family.sets);
      const set = sets.findLast(({ accessToken }) => fingerprint(accessToken) === print);
      return set !== undefined && authority.truth.accepts(set.accessToken);
    });
  }

  /** Every secret there is, for the search in logs and files. */
  get secrets(): string[] {
    return this.all.flatMap(({ authority, people }) =>
      people.flatMap(({ accountId, password }) => [
        password,
        ...authority.truth.tokens
          .of(accountId)
          .flatMap(({ sets }) => sets)
          .flatMap(({ accessToken, refresh }) => [
            accessToken,
            ...(refresh ? [refresh.token] : []),
          ]),
      ]),
    );
  }

  heal(): void {
    for (const { authority, cutter } of this.all) {
      authority.faults.clear();
      cutter.heal();
    }
  }

  evidence(): ServerEvidence[] {
    return this.all.map(({ kind, authority, people }) => ({
      name: kind.name,
      refreshToken: kind.refreshToken,
      inDoubt: kind.inDoubt,
      accessLifeMs: kind.rules.accessLifeMs,
      logsIn: kind.logsIn,
      loginBudget,
      accounts: people.map(({ accountId }) => accountId),
      entries: authority.entries,
      issued: people.flatMap(({ accountId }) =>
        authority.truth.tokens.of(accountId).flatMap(({ sets, number }) =>
          sets.map(({ generation, accessToken, accessEndsAt }) => ({
            account: accountId,
            generation,
            family: number,
            print: fingerprint(accessToken),
            accessEndsAt,
          })),
        ),
      ),
    }));
  }

  async stop(): Promise<void> {
    for (const { authority, cutter } of this.all) {
      await cutter.stop();
      await authority.stop();
    }
  }
}

function endingRefreshTokens(authority: WitnessedAuthority): void {
  authority.onProcessed(({ operation, outcome, accountId }) => {
    if (operation !== 'obtain' || outcome !== 'issued' || accountId === undefined) return;
    authority.truth.killRefreshToken(accountId);
  });
}
