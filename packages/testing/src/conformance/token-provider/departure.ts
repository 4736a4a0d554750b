const page = 'docs/reference/provider-contract.md';

/** A provider departs from its contract: what is wrong, and which sentence says so. */
export class Departure extends Error {
  constructor(
    /** What is wrong and what was seen, in one sentence. */
    readonly seen: string,
    /** The sentence of the contract; that of the rule where it is left out. */
    readonly says?: string,
  ) {
    super(says === undefined ? seen : `${seen}\nThe provider contract says: "${says}" (${page})`);
    this.name = 'Departure';
  }
}

/** A rule could not be tried, for a reason that another one tells of. */
export class NotTried extends Error {
  constructor(why: string) {
    super(`Not tried: ${why}`);
    this.name = 'NotTried';
  }
}

/** @throws Departure */
export function depart(seen: string): never {
  throw new Departure(seen);
}

/** @throws Departure unless it holds */
export function holds(condition: boolean, seen: string): asserts condition {
  if (!condition) depart(seen);
}
