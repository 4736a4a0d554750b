/** A list that is told without brackets: three values for each row. */
export function threes<T>(values: readonly T[]): (readonly [T, T, T])[] {
  return Array.from({ length: Math.floor(values.length / 3) }, (_, index) => {
    return values.slice(3 * index, 3 * index + 3) as unknown as readonly [T, T, T];
  });
}
