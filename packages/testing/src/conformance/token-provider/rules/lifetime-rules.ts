import { holds } from '../departure.js';
import type { LifetimeForm } from '../described-server.js';
import type { ProviderFacts } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene } from '../stage/provider-scene.js';
import { hourMs, lifetimeValue, mintTokens, weekMs } from '../stage/sample-tokens.js';
import { returned, shown } from './shown-runs.js';

const read = 'from `lifetimeFrom(value, unitMs)` or `lifetimeUntil`; `undefined` where not stated';
const serversClock = "the life of a token that ends at a moment on the server's clock";

const formOf = ({ server }: ProviderFacts): LifetimeForm => server.lifetime ?? 'seconds';
const counts = (facts: ProviderFacts) =>
  facts.scripted && ['seconds', 'milliseconds'].includes(formOf(facts));
const isMoment = (form: LifetimeForm | undefined) => /^unix|^datetime$/.test(form ?? 'none');
const moments = (facts: ProviderFacts) =>
  facts.scripted && [formOf(facts), facts.server.refreshLifetime].some(isMoment);

/** How long the tokens of a reply live. */
export const lifetimeRules: readonly ProviderRule[] = [
  {
    name: 'a stated lifetime is read in its unit, as a number and as text',
    says: read,
    concerns: (facts) => facts.scripted && formOf(facts) !== 'none',
    async check(scene) {
      for (const ms of [hourMs, 90_000]) {
        await expectLifetime(scene, written(scene, ms), ms);
        if (formOf(scene.facts) !== 'datetime' && Number.isSafeInteger(written(scene, ms))) {
          // More than ten digits are no count of `lifetimeFrom`.
          const text = String(written(scene, ms));
          if (text.length <= 10) await expectLifetime(scene, text, ms);
        }
      }
    },
  },
  {
    name: 'a lifetime of 0, below 0 or beyond reason is handed on as it is',
    says: 'What was read, unjudged: the engine checks it in one place.',
    concerns: counts,
    async check(scene) {
      const unitMs = formOf(scene.facts) === 'seconds' ? 1_000 : 1;
      for (const count of [0, -5, 1e12]) await expectLifetime(scene, count, count * unitMs);
    },
  },
  {
    name: 'a lifetime that is missing or none counts as not stated',
    says: read,
    concerns: ({ scripted }) => scripted,
    async check(scene) {
      const none = [undefined, null, 'soon', '12 hours', '', true, [3600], { s: 3600 }];
      for (const value of none) await expectLifetime(scene, value, undefined);
    },
  },
  {
    name: "an end on the server's clock is read by that clock",
    says: serversClock,
    concerns: moments,
    async check(scene) {
      for (const skewMs of [0, 3 * hourMs, -3 * hourMs]) {
        scene.server.skewMs = skewMs;
        for (const operation of scene.facts.grants) {
          const run = await scene.grant(operation, scene.good(operation));
          const issued = returned(run, 'at a good reply');
          const facts = `where the server's clock is ${skewMs / hourMs} h ahead`;
          if (isMoment(formOf(scene.facts))) {
            expectClose(`${run.name} reads a life`, issued.lifetimeMs, hourMs, facts);
          }
          if (isMoment(scene.described.refreshLifetime)) {
            const what = `${run.name} reads a life of the refresh token`;
            expectClose(what, issued.refreshLifetimeMs, weekMs, facts);
          }
        }
      }
    },
  },
  {
    name: 'each of two lifetimes is that of its own token',
    says: read,
    concerns: ({ scripted, refreshes, server }) =>
      scripted && refreshes && (server.refreshLifetime ?? 'none') !== 'none',
    async check(scene) {
      for (const operation of scene.facts.grants) {
        const run = await scene.grant(operation, scene.good(operation));
        const { lifetimeMs, refreshLifetimeMs } = returned(run, 'at a good reply');
        if (formOf(scene.facts) !== 'none') {
          expectClose(`${run.name} reads a life`, lifetimeMs, hourMs, 'for the access token');
        }
        const what = `${run.name} reads a life`;
        expectClose(what, refreshLifetimeMs, weekMs, 'for the refresh token');
      }
    },
  },
];

function written(scene: ProviderScene, ms: number): unknown {
  return lifetimeValue(formOf(scene.facts), ms, scene.server.now());
}

async function expectLifetime(
  scene: ProviderScene,
  lifetime: unknown,
  expected: number | undefined,
): Promise<void> {
  for (const operation of scene.facts.grants) {
    const respond = scene.good(operation, mintTokens(), (each) => ({ ...each, lifetime }));
    const run = await scene.grant(operation, respond);
    const { lifetimeMs } = returned(run, `at a reply with the lifetime ${shown(lifetime)}`);
    // `NaN` counts as not stated.
    const stated = lifetimeMs === undefined || Number.isNaN(lifetimeMs) ? undefined : lifetimeMs;
    holds(
      stated === expected,
      `${run.name} reads the lifetime ${shown(lifetime)} (${formOf(scene.facts)}) as ${inMs(lifetimeMs)}, and it is ${inMs(expected)}`,
    );
  }
}

function expectClose(what: string, ms: number | undefined, wanted: number, facts: string): void {
  holds(
    ms !== undefined && Math.abs(ms - wanted) <= 1_000,
    `${what} of ${shown(ms)} ms ${facts}, and not of ${wanted} ms`,
  );
}

function inMs(ms: number | undefined): string {
  return ms === undefined ? 'not stated' : `${ms} ms`;
}
