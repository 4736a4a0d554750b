import { AsyncLocalStorage, createHook } from 'node:async_hooks';

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

const watched = new AsyncLocalStorage<Set<string> | undefined>();
let begun: Set<string> | undefined;

/** What operations began by themselves while `work` ran. One at a time in a process. */
export async function strayWorkIn(work: () => Promise<unknown>): Promise<readonly string[]> {
  const found = new Set<string>();
  const hook = createHook({
    init(_id, type) {
      const what = strays[type];
      if (what !== undefined) watched.getStore()?.add(what);
    },
  }).enable();
  begun = found;
  try {
    await work();
  } finally {
    begun = undefined;
    hook.disable();
  }
  return [...found];
}

/** Runs a provider's operation: whatever it sets in motion is its own. */
export function inside<Result>(operation: () => Result): Result {
  return watched.run(begun, operation);
}

/** Runs what the provider asked for, and did not do itself. */
export function outside<Result>(work: () => Result): Result {
  return watched.run(undefined, work);
}
