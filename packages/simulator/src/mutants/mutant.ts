/** One replacement in a source file of the engine. */
export interface Edit {
  /** In `packages/core/src`, e.g. `renewal/claim.ts`. */
  readonly file: string;
  /** Stands there exactly once: a mutant that no longer fits the engine must not pass for a killed one. */
  readonly from: string;
  readonly to: string;
}

/** The engine with one mechanism taken out, or two where one covers for the other. */
export interface Mutant {
  readonly id: string;
  /** What is broken. */
  readonly title: string;
  /** The promises it breaks, `I1` to `I16`: another one that falls proves nothing about this mutant. */
  readonly breaks: readonly string[];
  readonly edits: readonly Edit[];
  /** Why no run can tell it from the engine: something else covers for what it lacks. */
  readonly survives?: string;
}

/** The same edit in a shorter form. */
export function edit(file: string, from: string, to: string): Edit {
  return { file, from, to };
}

/** A mutant that lacks what several others lack. */
export function both(
  id: string,
  title: string,
  breaks: readonly string[],
  ...parts: readonly Mutant[]
): Mutant {
  return { id, title, breaks, edits: parts.flatMap(({ edits }) => edits) };
}
