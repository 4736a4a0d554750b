const registry = Symbol.for('tokenkeep.engines');

type Registry = Map<string, number>;

/**
 * Two engines for one account in one process renew against each other: bound twice, or two copies
 * of the package. Counted across copies; the caller says it loudly.
 */
export function registerEngine(accounts: readonly string[]): { twice: string[] } & Disposable {
  const holder = globalThis as { [registry]?: Registry };
  holder[registry] ??= new Map();
  const counts = holder[registry];
  const twice = accounts.filter((id) => (counts.get(id) ?? 0) > 0);
  for (const id of accounts) counts.set(id, (counts.get(id) ?? 0) + 1);
  let open = true;
  return {
    twice,
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      for (const id of accounts) {
        const left = (counts.get(id) ?? 1) - 1;
        if (left > 0) counts.set(id, left);
        else counts.delete(id);
      }
    },
  };
}
