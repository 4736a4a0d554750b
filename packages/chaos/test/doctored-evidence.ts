import type { AttemptEvidence, Evidence, ServerEvidence } from '../src/evidence.js';
import type { WitnessedEntry } from '../src/witnessed-authority.js';

const accessLifeMs = 10_000;

/** A run in which one account was renewed twice by one process, and all is well. */
export function goodEvidence(server: Partial<ServerEvidence> = {}): Evidence {
  return {
    servers: [
      {
        name: 'strict',
        refreshToken: { singleUse: true, reuseGraceMs: 0 },
        inDoubt: 'never-resend',
        accessLifeMs,
        logsIn: true,
        loginBudget: { limit: 3, windowMs: 60_000, burst: 2, refillMs: 10_000 },
        accounts: ['ada'],
        entries: [login(1_000, 1), refresh(8_000, 1), refresh(15_000, 2)],
        issued: [1, 2, 3].map((generation) => ({
          account: 'ada',
          generation,
          family: 1,
          print: `print-${generation}`,
          accessEndsAt: 1_000 + (generation - 1) * 7_000 + accessLifeMs,
        })),
        ...server,
      },
    ],
    attempts: new Map([
      ['login-1', attempt('login-1', 1_000, { operation: 'obtain', generation: 0 })],
      ['refresh-1', attempt('refresh-1', 8_000, { generation: 1 })],
      ['refresh-2', attempt('refresh-2', 15_000, { generation: 2 })],
    ]),
    cuts: new Map(),
    lives: [{ name: 'engine-1', startedAt: 0, killedAt: undefined }],
    handed: [1, 2, 3].map((generation) => handed(generation, 2_000 + 7_000 * (generation - 1))),
    events: [],
    healing: [
      {
        account: 'ada',
        afterMs: 1_000,
        answer: undefined,
        print: 'print-3',
        generation: 3,
        lookedAt: 20_000,
      },
    ],
    disturbances: [],
    served: 3,
    refused: 0,
    escrowWindowsMs: [1],
    from: 1_000,
    until: 20_000,
    leaks: [],
    scannedBytes: 1,
    survivors: [],
  };
}

/** The same evidence with other requests in the server's log. */
export function withEntries(
  entries: readonly WitnessedEntry[],
  server: Partial<ServerEvidence> = {},
): Evidence {
  return goodEvidence({ entries, ...server });
}

export function login(at: number, generation: number, facts: Partial<WitnessedEntry> = {}) {
  const attemptId = `login-${generation}`;
  return entry(at, { operation: 'obtain', generation, attemptId, ...facts });
}

/** A refresh that presented the refresh token of one generation, and was given the next one. */
export function refresh(at: number, presented: number, facts: Partial<WitnessedEntry> = {}) {
  return entry(at, {
    operation: 'refresh',
    presentedGeneration: presented,
    generation: presented + 1,
    attemptId: `refresh-${presented}`,
    ...facts,
  });
}

function entry(at: number, facts: Partial<WitnessedEntry>): WitnessedEntry {
  return {
    seq: at,
    at,
    method: 'POST',
    path: '/auth',
    operation: 'refresh',
    outcome: 'issued',
    replay: false,
    familyRevoked: false,
    status: 200,
    connection: 1,
    bodyBytes: 0,
    accountId: 'ada',
    family: 1,
    ...facts,
  };
}

export function attempt(
  attemptId: string,
  startedAt: number,
  facts: Partial<AttemptEvidence> = {},
): AttemptEvidence {
  return {
    attemptId,
    process: 'engine-1',
    account: 'ada',
    operation: 'refresh',
    generation: 1,
    startedAt,
    point: 'CP10',
    keptAt: startedAt + 10,
    endedAt: startedAt + 20,
    error: undefined,
    ...facts,
  };
}

export function handed(generation: number, at: number, facts: { print?: string } = {}) {
  return {
    process: 'engine-1',
    account: 'ada',
    generation,
    print: `print-${generation}`,
    first: at,
    last: at + 100,
    saidAt: at + 200,
    ...facts,
  };
}
