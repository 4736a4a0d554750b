import type { FileScan } from './file-scan.js';
import { loopWindowMs, type ServerCounts } from './server-counts.js';
import type { StoryFacts } from './story-facts.js';

export interface Verdict {
  readonly promise: string;
  /** `undefined`: the story was cut short before it could be put to the test. */
  readonly kept: boolean | undefined;
  /** What was measured. */
  readonly measured: string;
}

/** The guard lets a healthy account ask a few times; a loop asks hundreds of times. */
const mostRequestsPerWindow = 6;

type Judge = (evidence: Evidence) => Omit<Verdict, 'promise'>;

export interface Evidence {
  readonly counts: readonly ServerCounts[];
  readonly facts: StoryFacts;
  readonly scan: FileScan;
}

const judges: Readonly<Record<string, Judge>> = {
  'Each refresh token is sent once': ({ counts }) => {
    const most = Math.max(...counts.map(({ mostSends }) => mostSends));
    const tokens = sum(counts, 'generationsSent');
    return {
      kept: most <= 1,
      measured: `${tokens} refresh tokens sent, most sends of one: ${most}`,
    };
  },
  'No used refresh token is replayed': ({ counts }) => {
    const replays = sum(counts, 'replays');
    return { kept: replays === 0, measured: `${counted(replays, 'replay')} seen by the servers` };
  },
  'No token family is revoked': ({ counts }) => {
    const revoked = sum(counts, 'familiesRevoked');
    return { kept: revoked === 0, measured: `families revoked by the servers: ${revoked}` };
  },
  'No ended token reaches an API': ({ counts, facts }) => {
    const expired = sum(counts, 'expiredShown');
    const revoked = sum(counts, 'revokedShown');
    const asked = `${expired} expired, ${revoked} revoked (${facts.refusalsProvoked} provoked)`;
    const calls = sum(counts, 'served') + sum(counts, 'refused');
    return {
      kept: expired === 0 && revoked === facts.refusalsProvoked,
      measured: `${asked}, in ${calls} API calls`,
    };
  },
  'A refused call is renewed and replayed': ({ counts, facts }) => {
    const replayed = facts.callers.reduce((total, caller) => total + caller.replayed, 0);
    const refused = sum(counts, 'refused');
    const kept = replayed >= facts.refusalsProvoked;
    const measured = `${refused} refused, ${replayed} replayed with success`;
    return { kept: facts.refusalsProvoked === 0 ? undefined : kept, measured };
  },
  'Every call is answered': ({ facts }) => {
    const calls = facts.callers.reduce((total, caller) => total + caller.calls, 0);
    const answered = facts.callers.reduce((total, caller) => total + caller.answered, 0);
    return { kept: answered === calls, measured: `${answered} of ${calls} calls answered 200` };
  },
  'No client runs in a loop': ({ counts }) => {
    const busiest = Math.max(...counts.map((count) => count.busiest));
    const window = `${loopWindowMs / 1_000} s`;
    return {
      kept: busiest <= mostRequestsPerWindow,
      measured: `at most ${busiest} token requests of one account in ${window}`,
    };
  },
  'One login per account': ({ counts }) => {
    const own = counts.filter(({ member }) => !member.chained);
    const most = Math.max(...own.map(({ logins }) => logins));
    return {
      kept: most <= 1,
      measured: `${sum(own, 'logins')} logins for ${own.length} accounts with a password`,
    };
  },
  'A crowd of callers costs one refresh': ({ facts: { crowd } }) =>
    crowd === undefined
      ? untested
      : {
          kept: crowd.refreshes === 1 && crowd.answered === crowd.callers,
          measured: `${crowd.callers} callers at once: ${counted(crowd.refreshes, 'refresh', 'refreshes')}`,
        },
  'A restart costs no login': ({ facts: { restart } }) =>
    restart === undefined
      ? untested
      : {
          kept: restart.logins === 0 && restart.same === restart.accounts,
          measured: `${restart.same} of ${restart.accounts} tokens the same, ${counted(restart.logins, 'login')}`,
        },
  'Sessions and rotations end their tokens': ({ counts, facts: { sessions } }) => {
    const expected = sessions.opened + sessions.rotations;
    const ended = sum(counts, 'ended');
    const opened = counted(sessions.opened, 'session');
    const asked = `${opened}, ${counted(sessions.rotations, 'rotation')}`;
    return {
      // A token that arrives when its session is over is ended as well: there may be more.
      kept: expected === 0 ? undefined : ended >= expected,
      measured: `${asked}: ${ended} tokens ended with DELETE`,
    };
  },
  'No token stands in the file': ({ scan }) => ({
    kept: scan.found === 0,
    measured: `${scan.tokens} tokens sought in ${scan.files} files, ${scan.found} found`,
  }),
};

const untested = { kept: undefined, measured: 'the story did not get there' } as const;

export function judgeAll(evidence: Evidence): Verdict[] {
  return Object.entries(judges).map(([promise, judge]) => ({ promise, ...judge(evidence) }));
}

type Countable = {
  [Name in keyof ServerCounts]: ServerCounts[Name] extends number ? Name : never;
}[keyof ServerCounts];

function sum(counts: readonly ServerCounts[], name: Countable): number {
  return counts.reduce((total, count) => total + count[name], 0);
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
