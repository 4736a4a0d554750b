import type { StoreTime } from '@tokenkeep/core';
import { afterCall, type StoreCall, type StoreModel } from './store-model.js';

/** A call with the moments at which it was made and answered, on a line that both clients share. */
export interface PastCall {
  readonly client: number;
  readonly call: StoreCall;
  readonly madeAt: number;
  readonly answeredAt: number;
}

/**
 * Why no store that does one thing after the other could have given these answers; `undefined`:
 * there is an order of the calls in which it could. A call that was answered before another was
 * made comes before it (linearisability, after Wing and Gong).
 */
export function contradictionIn(history: readonly PastCall[]): string | undefined {
  const backwards = history.find((later) =>
    history.some((sooner) => isBefore(sooner, later) && isLess(timeOf(later), timeOf(sooner))),
  );
  if (backwards !== undefined) return `The store's time went back: ${told([backwards])}`;
  return isPossible(new Map(), history, new Set())
    ? undefined
    : `In no order could one store have answered so: ${told(history)}`;
}

function isPossible(rows: StoreModel, open: readonly PastCall[], hopeless: Set<string>): boolean {
  if (open.length === 0) return true;
  const state = JSON.stringify([open.map(({ madeAt }) => madeAt), ...rows.values()]);
  if (hopeless.has(state)) return false;
  for (const first of open) {
    const others = open.filter((other) => other !== first);
    if (others.some((other) => isBefore(other, first))) continue;
    const next = afterCall(rows, first.call);
    if (next !== undefined && isPossible(next, others, hopeless)) return true;
  }
  hopeless.add(state);
  return false;
}

function isBefore(sooner: PastCall, later: PastCall): boolean {
  return sooner.answeredAt < later.madeAt;
}

function timeOf({ call: { answer } }: PastCall): StoreTime | undefined {
  return 'time' in answer ? answer.time : undefined;
}

function isLess(one: StoreTime | undefined, other: StoreTime | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.epoch === other.epoch ? one.ms < other.ms : one.epoch < other.epoch;
}

function told(history: readonly PastCall[]): string {
  const lines = history.map(
    ({ client, madeAt, answeredAt, call }) =>
      `${madeAt}-${answeredAt} client ${client}: ${JSON.stringify(call)}`,
  );
  return ['', ...lines].join('\n');
}
