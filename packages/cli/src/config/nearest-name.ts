/** `Did you mean "password"? Known: email, password, appId.` */
export function suggestion(asked: string, known: readonly string[]): string {
  const nearest = nearestName(asked, known);
  const question = nearest === undefined ? '' : `Did you mean "${nearest}"? `;
  const shown = known.slice(0, 12).join(', ') + (known.length > 12 ? ', ...' : '');
  return `${question}Known: ${shown || 'none'}.`;
}

/** The known name that is a slip of the finger away: a third of its letters at most. */
export function nearestName(asked: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, distance: editDistance(asked.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return best?.name;
}

/** Levenshtein's: how many letters to add, drop or change. Long texts are not compared. */
function editDistance(from: string, to: string): number {
  if (from.length > 64 || to.length > 64) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...to].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? Number.POSITIVE_INFINITY;
}
