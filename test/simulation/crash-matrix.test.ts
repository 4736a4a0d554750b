import { describe, expect, test } from '@jest/globals';
import { type CrashPoint, crashPoints } from '@tokenkeep/core';
import {
  type CrashKind,
  type CrashScene,
  type CrashSequel,
  lifeMs,
  playCrash,
} from './crash-scene.js';
import {
  authRefreshAccounts,
  chainedAccounts,
  chatAppAccounts,
  loginOnlyAccounts,
} from './served-accounts.js';
import type { Answer } from './steady-callers.js';

/**
 * One renewal, killed at one crash point, and the next life of the service. Requests are those
 * after the restart, by the server's log; who was served what is the callers' word.
 */
const says = {
  renews: 'it is renewed as if nothing had happened',
  resends: 'the refresh token is sent once more, and that heals',
  'resends, logs in': 'the refresh token is sent once more and refused, then one login',
  'resends, lost': 'the refresh token is sent once more and refused, and a person is asked for',
  'logs in': 'nothing is sent twice: one login, once the old token has ended',
  lost: 'nothing is sent twice: a person is asked for, once',
  serves: 'the new token is there, without a request',
  unreached: 'nothing waits in escrow: there is no such instant',
} as const;

type Rule = keyof typeof says;

const accessLifeMs = lifeMs;
const grace = {
  rules: { accessLifeMs, rotation: { kind: 'grace', graceMs: 30_000 } },
  profile: { refreshToken: { singleUse: true, reuseGraceMs: 30_000 } },
} as const;
const reusable = {
  rules: { accessLifeMs, rotation: { kind: 'reusable' } },
  profile: { refreshToken: 'reusable' },
} as const;
const strict = { rules: { accessLifeMs } } as const;
const resendOnce = { rules: { accessLifeMs }, profile: { inDoubt: 'resend-once' } } as const;
const noLogin = { logsIn: false } as const;
/** Elsewhere nobody knows that the sender is dead: it may still commit, for 95 s after its send. */
const quarantineMs = 92_000;

interface Kind extends CrashKind {
  /** What its renewal sends. */
  readonly sends: 'rotating refresh' | 'refresh' | 'obtain';
  /** Nothing is renewed before a caller needs it. */
  readonly onDemand?: true;
}

/** The columns of the matrix. Those without a login live on tokens that were imported. */
const kinds: Readonly<Record<string, Kind>> = {
  strict: {
    sends: 'rotating refresh',
    serve: (world) => authRefreshAccounts(world, strict),
  },
  'strict, no login': {
    sends: 'rotating refresh',
    imported: true,
    serve: (world) => authRefreshAccounts(world, { ...strict, ...noLogin }),
  },
  'resend-once': {
    sends: 'rotating refresh',
    serve: (world) => authRefreshAccounts(world, resendOnce),
  },
  'resend-once, no login': {
    sends: 'rotating refresh',
    imported: true,
    serve: (world) => authRefreshAccounts(world, { ...resendOnce, ...noLogin }),
  },
  'grace 30 s, no login': {
    sends: 'rotating refresh',
    imported: true,
    serve: (world) => authRefreshAccounts(world, { ...grace, ...noLogin }),
  },
  'non-rotating, no login': {
    sends: 'refresh',
    imported: true,
    serve: (world) => authRefreshAccounts(world, { ...reusable, ...noLogin }),
  },
  ChatApp: {
    sends: 'rotating refresh',
    onDemand: true,
    serve: (world) => chatAppAccounts(world, strict),
  },
  'login only': {
    sends: 'obtain',
    serve: (world) => loginOnlyAccounts(world, strict),
  },
  'OAuth20 chain': {
    sends: 'obtain',
    serve: (world) => chainedAccounts(world, strict),
  },
};

/** Where the next life begins on the same host, and finds what the first one left there. */
const matrix = readMatrix(`
          | strict  | strict, no login | resend-once      | resend-once, no login | grace 30 s, no login | non-rotating, no login | ChatApp          | login only | OAuth20 chain
CP0       | renews  | renews           | renews           | renews                | renews               | renews                 | renews           | renews     | renews
CP1       | renews  | renews           | renews           | renews                | renews               | renews                 | renews           | renews     | renews
CP2       | renews  | renews           | renews           | renews                | renews               | renews                 | renews           | renews     | renews
CP3       | logs in | lost             | resends          | resends               | resends              | renews                 | resends          | renews     | renews
CP4 torn  | logs in | lost             | resends          | resends               | resends              | renews                 | resends          | renews     | renews
CP4 whole | logs in | lost             | resends, logs in | resends, lost         | resends              | renews                 | resends, logs in | renews     | renews
CP5       | logs in | lost             | resends, logs in | resends, lost         | resends              | renews                 | resends, logs in | renews     | renews
CP6       | logs in | lost             | resends, logs in | resends, lost         | resends              | renews                 | resends, logs in | renews     | renews
CP7       | serves  | serves           | serves           | serves                | serves               | unreached              | serves           | unreached  | unreached
CP8       | serves  | serves           | serves           | serves                | serves               | renews                 | serves           | renews     | renews
CP9       | serves  | serves           | serves           | serves                | serves               | serves                 | serves           | serves     | serves
CP10      | serves  | serves           | serves           | serves                | serves               | serves                 | serves           | serves     | serves
`);

/** Escrow lies on the disk of the host that died: to another host, what waits in it is lost. */
function ruleOf(row: string, column: string, restart: CrashScene['restart']): Rule {
  const waits = row === 'CP7' || row === 'CP8';
  const outOfReach = waits && restart === 'another host' && isRotating(column);
  const rule = matrix.get(outOfReach ? 'CP6' : row)?.get(column);
  if (rule === undefined) throw new Error(`The matrix has no ${row} of ${column}.`);
  return rule;
}

describe.each([
  { restart: 'the same host', oldToken: 'lives' },
  { restart: 'another host', oldToken: 'lives' },
  { restart: 'the same host', oldToken: 'has ended' },
  { restart: 'another host', oldToken: 'has ended' },
] as const)('restarted on $restart, while the old token $oldToken', ({ restart, oldToken }) => {
  const cases = [...matrix.keys()].flatMap((row) =>
    Object.keys(kinds).map((column) => {
      const rule = ruleOf(row, column, restart);
      return { row, column, rule, says: says[rule] };
    }),
  );

  test.each(cases)('F56 $row, $column: $says', async ({ row, column, rule }) => {
    const kind = kindOf(column);
    const [name, fate] = row.split(' ');
    const point = name as CrashPoint;
    const arrives = fate === undefined ? {} : { arrives: fate === 'whole' };
    const sequel = await playCrash({ kind, point, restart, oldToken, ...arrives });

    expect(sequel.died).toBe(rule !== 'unreached');
    expect(sequel.inDoubt).toBe(kind.sends === 'rotating refresh' && isIntentDurable(point));
    expect(sequel.requests.map(({ what }) => what)).toEqual(requestsOf(rule, column, row));

    const isLost = rule === 'lost' || rule === 'resends, lost';
    const recoversWithinMs = sequel.inDoubt && restart === 'another host' ? 120_000 : 60_000;
    expect(sequel.personAsked.map(({ reason }) => reason)).toEqual(isLost ? ['rotation_lost'] : []);
    for (const { at } of sequel.personAsked) {
      expect(at - sequel.restartedAt).toBeLessThanOrEqual(recoversWithinMs);
    }
    if (sequel.inDoubt && restart === 'another host' && !column.startsWith('grace')) {
      for (const { at } of [...sequel.requests, ...sequel.personAsked]) {
        expect(at - sequel.restartedAt).toBeGreaterThan(quarantineMs);
      }
    }
    if (oldToken === 'lives') expectServedThroughout(sequel, rule, kind, recoversWithinMs);
    else expectServedAgain(sequel, rule, recoversWithinMs);
    if (!isLost) await expectOrdinaryRenewal(sequel, kind);
  });
});

test('F56 the matrix has every crash point', () => {
  const rows = [...matrix.keys()].map((row) => row.split(' ')[0]);
  expect(new Set(rows)).toEqual(new Set(crashPoints));
});

/** No caller goes without a token while the old one lives, and the new one comes in time. */
function expectServedThroughout(
  { answers, old, restartedAt }: CrashSequel,
  rule: Rule,
  { onDemand }: Kind,
  recoversWithinMs: number,
): void {
  const saidOnce = [...new Set(answers.map((answer) => wordFor(answer, old.token)))];
  const changedAt = answers.find(({ token }) => token !== old.token)?.at ?? Number.NaN;
  const servedToItsEnd = () => {
    // Safety, the way to the server, and the pace of the callers.
    expect(changedAt).toBeGreaterThan(old.endsAt - 3_000);
    expect(changedAt).toBeLessThan(old.endsAt + 3_000);
  };
  switch (rule) {
    case 'serves':
    case 'unreached':
      expect(saidOnce).toEqual(['new token']);
      break;
    case 'lost':
    case 'resends, lost':
      expect(saidOnce).toEqual(['old token', lost]);
      servedToItsEnd();
      break;
    case 'logs in':
      expect(saidOnce).toEqual(['old token', 'new token']);
      servedToItsEnd();
      break;
    default:
      expect(saidOnce).toEqual(['old token', 'new token']);
      if (rule === 'renews' && onDemand) servedToItsEnd();
      // Nobody needs to know yet: the schedule settles the doubt once it is settled for everybody.
      else if (onDemand) expect(changedAt - restartedAt).toBeLessThanOrEqual(120_000);
      else expect(changedAt - restartedAt).toBeLessThanOrEqual(recoversWithinMs);
  }
}

/** There is nothing to serve at first, and the answer says that it is worth asking again. */
function expectServedAgain(
  { answers, old, restartedAt }: CrashSequel,
  rule: Rule,
  recoversWithinMs: number,
): void {
  const passing = ({ error }: Answer) =>
    error?.code === 'WAIT_TIMED_OUT' || (error?.retryable && error.retryAt !== undefined);
  const first = answers.findIndex((answer) => !passing(answer));
  const settled = answers.slice(first);
  const isLost = rule === 'lost' || rule === 'resends, lost';
  expect([...new Set(settled.map((answer) => wordFor(answer, old.token)))]).toEqual([
    isLost ? lost : 'new token',
  ]);
  expect((settled[0]?.at ?? Number.NaN) - restartedAt).toBeLessThanOrEqual(recoversWithinMs);
  if (rule === 'serves' || rule === 'unreached') expect(first).toBe(0);
}

/** What stands in the record is the living pair: its next renewal is like any other. */
async function expectOrdinaryRenewal(
  { second, simulation, served }: CrashSequel,
  { sends }: Kind,
): Promise<void> {
  const { log, truth } = served.server.authority;
  const token = await simulation.playUntil(second.engine.renew('crm'));
  expect(truth.accepts(token.reveal())).toBe(true);
  expect(log.last).toMatchObject({
    operation: sends === 'obtain' ? 'obtain' : 'refresh',
    outcome: 'issued',
    replay: false,
  });
}

function requestsOf(rule: Rule, column: string, row: string): string[] {
  const renewal = kindOf(column).sends === 'obtain' ? 'obtain issued' : 'refresh issued';
  // Inside the grace a server that has rotated already sends the same pair again.
  const resend = wasProcessed(row) ? 'refresh resent' : 'refresh issued';
  switch (rule) {
    case 'renews':
      return [renewal];
    case 'resends':
      return [resend];
    case 'resends, logs in':
      return ['refresh refused', 'obtain issued'];
    case 'resends, lost':
      return ['refresh refused'];
    case 'logs in':
      return ['obtain issued'];
    default:
      return [];
  }
}

const lost = 'REAUTHORIZATION_REQUIRED rotation_lost';

function wordFor({ token, error }: Answer, old: string): string {
  if (error !== undefined) return [error.code, error.reason].join(' ');
  return token === old ? 'old token' : 'new token';
}

function isRotating(column: string): boolean {
  return kindOf(column).sends === 'rotating refresh';
}

function isIntentDurable(point: CrashPoint): boolean {
  return ['CP3', 'CP4', 'CP5', 'CP6', 'CP7', 'CP8'].includes(point);
}

function wasProcessed(row: string): boolean {
  return !['CP0', 'CP1', 'CP2', 'CP3', 'CP4 torn'].includes(row);
}

function kindOf(column: string): Kind {
  const kind = kinds[column];
  if (kind === undefined) throw new Error(`The matrix names a kind that is unknown: ${column}.`);
  return kind;
}

function readMatrix(text: string): ReadonlyMap<string, ReadonlyMap<string, Rule>> {
  const [head = [], ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(
    rows.map(([row = '', ...cells]) => [
      row,
      new Map(cells.map((cell, index) => [head[index + 1] ?? '', cell as Rule])),
    ]),
  );
}
