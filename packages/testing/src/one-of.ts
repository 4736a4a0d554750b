/**
 * Scripts are often written without a compiler: a misspelt name would do nothing, and the test pass.
 *
 * @throws TypeError that lists the names there are
 */
export function oneOf(known: readonly string[], name: unknown, what: string): void {
  if (known.includes(name as string)) return;
  throw new TypeError(
    `There is no ${what} ${JSON.stringify(name)}. There are: ${known.join(', ')}.`,
  );
}
