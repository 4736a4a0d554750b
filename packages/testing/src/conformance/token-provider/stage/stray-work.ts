import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { inspect } from 'node:util';
import { sharedPatch } from './shared-patch.js';

/** Kinds of work that a provider never begins by itself, as Node names them. */
const strays: Readonly<Record<string, string>> = {
  Timeout: 'a timer',
  Immediate: 'a timer (setImmediate)',
  TCPWRAP: 'a connection',
  PIPEWRAP: 'a connection',
  UDPWRAP: 'a socket',
  GETADDRINFOREQWRAP: 'a look-up of a host',
  QUERYWRAP: 'a look-up of a host',
  PROCESSWRAP: 'a process',
  WORKER: 'a thread',
};

/** What the code of a provider did besides asking by its `call`. */
export class StrayWork {
  /** What it began by itself. */
  readonly begun = new Set<string>();
  /** What it wrote to the console. */
  readonly wrote: string[] = [];

  /** @param aheadMs how far the clock of the machine is ahead for this code, see `shiftedDate` */
  constructor(readonly aheadMs = 0) {}
}

const watched = new AsyncLocalStorage<StrayWork | undefined>();

/** Runs code of a provider: whatever it sets in motion is its own. */
export function inside<Result>(stray: StrayWork, code: () => Result): Result {
  return watched.run(stray, code);
}

/** Runs what the provider asked for, and did not do itself. */
export function outside<Result>(work: () => Result): Result {
  return watched.run(undefined, work);
}

/** That of the code that runs now, if it is a provider's. */
export function strayWorkNow(): StrayWork | undefined {
  return watched.getStore();
}

/** Until it is disposed of, what providers begin and write is noticed. */
export const watchStrayWork = sharedPatch(() => {
  const hook = createHook({
    init(_id, type) {
      const what = strays[type];
      if (what !== undefined) strayWorkNow()?.begun.add(what);
    },
  }).enable();
  // A runner may have a console that writes in its own time.
  const undo = [
    ...(['debug', 'info', 'log', 'warn', 'error', 'trace'] as const).map((name) =>
      overhear(console, name),
    ),
    overhear(process.stdout, 'write'),
    overhear(process.stderr, 'write'),
  ];
  return () => {
    hook.disable();
    for (const each of undo) each();
  };
});

function overhear(target: object, name: string): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const write = Reflect.get(target, name) as (...args: unknown[]) => unknown;
  const heard = function (this: unknown, ...args: unknown[]) {
    strayWorkNow()?.wrote.push(args.map(asText).join(' '));
    return write.apply(this, args);
  };
  Reflect.set(target, name, heard);
  return () => {
    if (Reflect.get(target, name) !== heard) return;
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}

function asText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'string' ? value : inspect(value, { depth: 12 });
}
