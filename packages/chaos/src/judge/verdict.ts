/** What a judge found. A promise that nothing was held against is not shown by it. */
export interface Verdict {
  readonly promise: string;
  readonly says: string;
  /** How many things were looked at. */
  readonly looked: number;
  /** One sentence for each time it did not hold. */
  readonly broken: readonly string[];
}
