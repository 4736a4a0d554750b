import type { AccountServers } from './account-servers.js';
import type { AccountAnswer } from './engine-process.js';
import type { HealedAccount } from './evidence.js';
import type { Fleet } from './fleet.js';
import { HEALS_WITHIN_MS, realNow } from './time-scale.js';

const LOOK_EVERY_MS = 500;

/** Asks every process for every account until all serve, or the time for it is over. */
export async function watchHealing(
  fleet: Fleet,
  servers: AccountServers,
): Promise<HealedAccount[]> {
  const { names } = servers;
  const since = realNow();
  const afterMs = new Map<string, number>();
  let answers: (readonly AccountAnswer[])[] = [];
  for (;;) {
    answers = await Promise.all(
      fleet.processes.map((process) =>
        process
          .ask<AccountAnswer[]>('tokens', { keys: names })
          .catch((): AccountAnswer[] => names.map((account) => ({ account, code: 'NOT_OPEN' }))),
      ),
    );
    for (const [index, name] of names.entries()) {
      const all = answers.map((each) => each[index]);
      const serves = all.every((answer) => answer && isServed(answer, servers));
      if (serves && !afterMs.has(name)) afterMs.set(name, realNow() - since);
    }
    const isOver = realNow() - since > HEALS_WITHIN_MS;
    if (afterMs.size === names.length || isOver) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const [first] = fleet.processes;
  const lookedAt = realNow();
  const generations = (await first?.ask<number[]>('generations', { keys: names })) ?? [];
  // Renewals go on: what stands in the record is what the last one to be asked has.
  const last = (await first?.ask<AccountAnswer[]>('tokens', { keys: names })) ?? [];
  return names.map((account, index) => {
    const answer = answers
      .map((each) => each[index])
      .find((each) => each !== undefined && !isServed(each, servers));
    const stored = last[index];
    return {
      account,
      afterMs: afterMs.get(account),
      answer,
      print: stored !== undefined && 'print' in stored ? stored.print : undefined,
      generation: generations[index] ?? 0,
      lookedAt,
    };
  });
}

function isServed(answer: AccountAnswer, servers: AccountServers): boolean {
  return 'print' in answer && servers.accepts(answer.account, answer.print);
}
