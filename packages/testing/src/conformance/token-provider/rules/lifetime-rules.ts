import type { IssuedTokens } from '@tokenkeep/core';
import { holds } from '../departure.js';
import type { LifetimeForm } from '../described-server.js';
import type { ProviderFacts } from '../provider-facts.js';
import type { ProviderRule } from '../provider-rule.js';
import type { ProviderScene } from '../stage/provider-scene.js';
import { countUnits, hourMs, lifetimeValue, mintTokens, weekMs } from '../stage/sample-tokens.js';
import { plain, returned, shown } from './shown-runs.js';
import { holdsValue } from './token-rules.js';

const read = 'from `lifetimeFrom(value, unitMs)` or `lifetimeUntil`; `undefined` where not stated';
const serversClock = "the life of a token that ends at a moment on the server's clock";

/** One of the two lifetimes of a reply, and how it is written. */
interface Life {
  readonly member: 'lifetime' | 'refreshLifetime';
  readonly name: string;
  readonly form: LifetimeForm;
  readonly of: (issued: IssuedTokens) => number | undefined;
}

const formOf = ({ server }: ProviderFacts): LifetimeForm => server.lifetime ?? 'seconds';
const isMoment = (form: LifetimeForm | undefined) => /^unix|^datetime$/.test(form ?? 'none');
const moments = (facts: ProviderFacts) => stated(facts) && livesOf(facts).some(isWrittenAsMoment);
const isWrittenAsMoment = ({ form }: Life) => isMoment(form);
const stated = (facts: ProviderFacts) => facts.scripted && livesOf(facts).length > 0;

function livesOf(facts: ProviderFacts): readonly Life[] {
  const { refreshLifetime = 'none' } = facts.server;
  const access: Life = {
    member: 'lifetime',
    name: 'lifetime',
    form: formOf(facts),
    of: (issued) => issued.lifetimeMs,
  };
  const refresh: Life = {
    member: 'refreshLifetime',
    name: 'lifetime of the refresh token',
    form: facts.refreshes ? refreshLifetime : 'none',
    of: (issued) => issued.refreshLifetimeMs,
  };
  return [access, refresh].filter(({ form }) => form !== 'none');
}

/** How long the tokens of a reply live. */
export const lifetimeRules: readonly ProviderRule[] = [
  {
    name: 'a stated lifetime is read in its unit, as a number and as text',
    says: read,
    concerns: stated,
    async check(scene) {
      for (const life of livesOf(scene.facts)) {
        for (const ms of [hourMs, 90_000]) {
          const value = lifetimeValue(life.form, ms, scene.server.now());
          await expectLifetime(scene, life, value, exactly(ms));
          // More than ten digits are no count of `lifetimeFrom`.
          if (!Number.isSafeInteger(value) || String(value).length > 10) continue;
          await expectLifetime(scene, life, String(value), exactly(ms));
        }
      }
    },
  },
  {
    name: 'a lifetime of 0, below 0 or beyond reason is handed on as it is',
    says: 'What was read, unjudged: the engine checks it in one place.',
    concerns: stated,
    async check(scene) {
      for (const life of livesOf(scene.facts)) {
        const unitMs = countUnits[life.form];
        if (unitMs === undefined) {
          const past = lifetimeValue(life.form, -hourMs, scene.server.now());
          for (const value of life.form === 'datetime' ? [past] : [past, 0]) {
            await expectLifetime(scene, life, value, over);
          }
        } else {
          for (const count of [0, -5, 1e12]) {
            await expectLifetime(scene, life, count, exactly(count * unitMs));
          }
        }
      }
    },
  },
  {
    name: 'a lifetime that is missing or none counts as not stated',
    says: read,
    concerns: stated,
    async check(scene) {
      const none = [undefined, null, 'soon', '12 hours', '', true, [3600], { s: 3600 }];
      for (const life of livesOf(scene.facts)) {
        for (const value of none) await expectLifetime(scene, life, value, notStated);
      }
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

/** What must be read, in words and as a check; `undefined` where nothing is stated. */
interface Expected {
  readonly words: string;
  readonly is: (ms: number | undefined) => boolean;
}

const exactly = (wanted: number): Expected => ({ words: inMs(wanted), is: (ms) => ms === wanted });
const notStated: Expected = { words: inMs(undefined), is: (ms) => ms === undefined };
const over: Expected = { words: 'over', is: (ms) => ms !== undefined && ms <= 0 };

async function expectLifetime(
  scene: ProviderScene,
  { member, name, form, of }: Life,
  value: unknown,
  { words, is }: Expected,
): Promise<void> {
  for (const operation of scene.facts.grants) {
    const tokens = mintTokens();
    const instead = (each: object) => ({ ...each, [member]: value }) as never;
    const reply = scene.goodReply(operation, tokens, instead);
    // In a header, or in a text, an odd value is another.
    const isMember = scene.speaksJson(operation) && holdsValue(reply.body, value);
    if (Array.isArray(value) && !isMember) continue;
    if (!isMember && !/^[1-9]\d{0,9}$/.test(String(value))) continue;
    const run = await scene.grant(operation, scene.good(operation, tokens, instead));
    const issued = returned(run, `at a reply with the ${name} ${shown(value)}`);
    const ms = of(issued);
    // `NaN` counts as not stated.
    holds(
      is(ms === undefined || Number.isNaN(ms) ? undefined : ms),
      `${run.name} reads the ${name} ${shown(value)} (${form}) as ${inMs(ms)}, and it is ${words}`,
    );
    if (!scene.facts.refreshes || !JSON.stringify(reply).includes(tokens.refresh)) continue;
    holds(
      plain(issued.refreshToken) === tokens.refresh,
      `${run.name} loses the refresh token of a reply with the ${name} ${shown(value)}`,
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
