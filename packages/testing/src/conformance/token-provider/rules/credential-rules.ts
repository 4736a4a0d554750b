import { isDeepStrictEqual } from 'node:util';
import { Secret } from '@tokenkeep/core';
import { holds } from '../departure.js';
import type { ProviderRule } from '../provider-rule.js';
import { inTheClear, printed, secretsReadIn } from '../stage/secret-search.js';

const checkedBefore = 'Checked before anything is sent.';
const turnSecrets =
  'Turn secrets into `Secret`s: errors are cleaned of those (of every text, where none is marked)';

/** What an account is configured with. */
export const credentialRules: readonly ProviderRule[] = [
  {
    name: 'credentials that are none are refused by the schema',
    says: checkedBefore,
    async check({ provider, tests }) {
      const none = nothings.filter((each) => !isDeepStrictEqual(each, tests.credentials));
      for (const junk of [...none, ...halves(tests.credentials)]) {
        const { issues } = await validated(provider.credentials['~standard'], junk);
        holds(issues !== undefined, `The schema takes ${shapeOf(junk)} for credentials`);
      }
    },
  },
  {
    name: 'what the schema says of wrong credentials quotes no secret',
    says: 'No error of a provider quotes a secret: not in its message, its members or its causes.',
    async check(scene) {
      const secrets = await scene.secrets();
      for (const junk of halves(scene.tests.credentials)) {
        const { issues } = await validated(scene.provider.credentials['~standard'], junk);
        const [leaked] = secretsReadIn(printed(issues), secrets);
        holds(leaked === undefined, `The schema refuses ${shapeOf(junk)} and quotes the ${leaked}`);
      }
    },
  },
  {
    name: 'checked credentials hold their secrets as Secrets',
    says: turnSecrets,
    async check(scene) {
      const checked = await scene.credentials();
      const secrets = await scene.secrets();
      holds(
        Object.keys(secrets).length > 0 || scene.tests.secrets !== undefined,
        'No member of the checked credentials is a Secret (if none is secret, say secrets: [])',
      );
      const [leaked] = secretsReadIn(printed(checked), secrets);
      holds(leaked === undefined, `In the checked credentials the ${leaked} can be read`);
    },
  },
  {
    name: 'operations leave the credentials as they are',
    says: 'Its arguments are not its own: it changes nothing in them.',
    async check(scene) {
      const credentials = await scene.credentials();
      const before = inTheClear(credentials);
      for (const operation of scene.facts.grants) {
        const run = await scene.grant(operation, scene.good(operation), { credentials });
        const same = isDeepStrictEqual(inTheClear(credentials), before);
        holds(same, `${run.name} changed the credentials it was handed`);
      }
    },
  },
];

const nothings: readonly unknown[] = [undefined, null, true, 42, 'text', [], {}];

/** The credentials, each time with one of their texts replaced by what is none. */
function halves(credentials: unknown): unknown[] {
  if (typeof credentials !== 'object' || credentials === null) return [];
  const members = Object.entries(credentials);
  return members
    .filter(([, member]) => typeof member === 'string' || Secret.is(member))
    .flatMap(([name, member]) => {
      const text = Secret.is(member) ? member.reveal() : member;
      return [{ text }, [text]].map((instead) => ({ ...credentials, [name]: instead }));
    });
}

async function validated(
  schema: { validate(value: unknown): unknown },
  value: unknown,
): Promise<{ readonly issues?: unknown }> {
  try {
    return (await schema.validate(value)) as { readonly issues?: unknown };
  } catch (error) {
    return { issues: [error] };
  }
}

/** What it was, without what stood in it. */
function shapeOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  if (Array.isArray(value)) return 'a list';
  const odd = Object.entries(value).find(
    ([, member]) => typeof member === 'object' && !Secret.is(member),
  );
  if (odd === undefined) return 'an object without members';
  return `${Array.isArray(odd[1]) ? 'a list' : 'an object'} as "${odd[0]}"`;
}
