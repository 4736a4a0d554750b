import { canary } from '../../../canary.js';
import type { DescribedServer, LifetimeForm, SampleTokens } from '../described-server.js';

/** What one reply of the stage carries. Both tokens can be searched for wherever they went. */
export interface StageTokens {
  readonly access: string;
  readonly refresh: string;
}

export function mintTokens(): StageTokens {
  return { access: canary('access').secret, refresh: canary('refresh').secret };
}

export const hourMs = 3_600_000;
export const weekMs = 7 * 24 * hourMs;

/** The values of a good reply, in the forms that the server is described with. */
export function sampleOf(
  { access, refresh }: Partial<StageTokens>,
  server: DescribedServer,
  now: number,
): SampleTokens {
  const { lifetime = 'seconds', refreshLifetime = 'none' } = server;
  return {
    access,
    refresh,
    lifetime: lifetimeValue(lifetime, hourMs, now),
    refreshLifetime: lifetimeValue(refreshLifetime, weekMs, now),
    now,
  };
}

/** Forms that count from now, and the unit of each, ms. */
export const countUnits: Partial<Record<LifetimeForm, number>> = {
  milliseconds: 1,
  seconds: 1_000,
  minutes: 60_000,
  hours: hourMs,
};

/** So many milliseconds as this form writes them. */
export function lifetimeValue(form: LifetimeForm, ms: number, now: number): unknown {
  switch (form) {
    case 'seconds':
    case 'milliseconds':
    case 'minutes':
    case 'hours':
      return ms / (countUnits[form] ?? 1);
    case 'unix-seconds':
      return (now + ms) / 1_000;
    case 'unix-milliseconds':
      return now + ms;
    case 'datetime':
      return new Date(now + ms).toISOString();
    case 'none':
      return undefined;
  }
}
