/** One thing that was looked at. */
export interface Finding {
  /** In snake_case, for programs. */
  readonly check: string;
  /** `skipped`: something before it has to be right first. */
  readonly state: 'good' | 'warning' | 'bad' | 'skipped';
  readonly text: string;
  /** What to do; where nothing is `bad` or a `warning`, absent. */
  readonly fix?: string;
}

export function good(check: string, text: string): Finding {
  return { check, state: 'good', text };
}

export function warning(check: string, text: string, fix: string): Finding {
  return { check, state: 'warning', text, fix };
}

export function bad(check: string, text: string, fix: string): Finding {
  return { check, state: 'bad', text, fix };
}

export function skipped(check: string, text: string): Finding {
  return { check, state: 'skipped', text };
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
