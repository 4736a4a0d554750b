import { isDeepStrictEqual } from 'node:util';
import { Secret } from '@tokenkeep/core';
import { holds } from '../departure.js';
import type { ProviderRule } from '../provider-rule.js';
import type { Run } from '../stage/provider-scene.js';
import { inTheClear, printed, secretsReadIn } from '../stage/secret-search.js';
import { inspectOne, revokeOne } from './shown-runs.js';

const checkedBefore = 'Checked before anything is sent.';
const turnSecrets =
  'Turn secrets into `Secret`s: errors are cleaned of those (of every text, where none is marked)';

/** What an account is configured with. */
export const credentialRules: readonly ProviderRule[] = [
  {
    name: 'the credentials of the description pass the schema',
    says: checkedBefore,
    async check({ provider, tests }) {
      for (const name of ['credentials', 'wrongCredentials'] as const) {
        const { issues } = await validated(provider.credentials['~standard'], tests[name]);
        const problems = Array.isArray(issues) ? issues.map(problemIn).join('; ') : '';
        holds(
          issues === undefined,
          `The schema refuses the ${name} of the description: ${problems}`,
        );
      }
    },
  },
  {
    name: 'the credentials of the description can log in',
    says: 'optional: whether these can log in.',
    async check(scene) {
      const can = scene.provider.canObtain?.(await scene.credentials()) ?? true;
      holds(
        can === true,
        `canObtain() says ${JSON.stringify(can)} of credentials whose login is described`,
      );
    },
  },
  {
    name: 'the identifier of the client is a text, and no secret',
    says: 'optional: whose client these credentials are, by its identifier, which is no secret.',
    async check(scene) {
      const id: unknown = scene.provider.clientId?.(await scene.credentials());
      holds(
        id === undefined || (typeof id === 'string' && id !== ''),
        `clientId() gives ${id === '' ? 'an empty text' : `a value of type ${typeof id}`}, and no identifier`,
      );
      const [leaked] = secretsReadIn(String(id), await scene.secrets());
      holds(leaked === undefined, `In what clientId() gives the ${leaked} can be read`);
    },
  },
  {
    name: 'credentials that are none are refused by the schema',
    says: checkedBefore,
    async check({ provider, tests }) {
      const none = nothings.filter((each) => !isDeepStrictEqual(each, tests.credentials));
      for (const junk of [...none, ...halves(tests.credentials, (text) => [[text]])]) {
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
      const odd = (text: string) => [{ text }, [text]];
      for (const junk of halves(scene.tests.credentials, odd)) {
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
      const plain = scene.tests.secrets === undefined ? unmarkedIn(checked) : undefined;
      holds(
        plain === undefined,
        `"${plain}" of the checked credentials is a plain text (if it is no secret, name those that are in secrets: [...])`,
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
      const unchanged = ({ name }: Run<unknown>) => {
        const same = isDeepStrictEqual(inTheClear(credentials), before);
        holds(same, `${name} changed the credentials it was handed`);
      };
      for (const operation of scene.facts.grants) {
        unchanged(await scene.grant(operation, scene.good(operation), { credentials }));
      }
      if (scene.facts.revokes)
        unchanged(await revokeOne(scene, undefined, undefined, { credentials }));
      if (scene.facts.inspects)
        unchanged(await inspectOne(scene, undefined, undefined, { credentials }));
    },
  },
];

const nothings: readonly unknown[] = [undefined, null, true, 42, 'text', []];
const soundsSecret = /(password|passphrase|secret|token|key)$/i;

/** A member that is called like a secret, and can be read. */
function unmarkedIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Secret.is(value)) return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string' && soundsSecret.test(name)) return name;
    const inner = unmarkedIn(member);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Where it is, and what is wrong there; the value itself may be secret. */
function problemIn(issue: { readonly message?: unknown; readonly path?: unknown }): string {
  const path = Array.isArray(issue.path) ? issue.path.map(String).join('.') : '';
  return `${path === '' ? '' : `${path}: `}${String(issue.message)}`;
}

/** The credentials, each time with one of their texts replaced by what is none. */
function halves(credentials: unknown, none: (text: string) => readonly unknown[]): unknown[] {
  if (typeof credentials !== 'object' || credentials === null) return [];
  const members = Object.entries(credentials);
  return members
    .filter(([, member]) => typeof member === 'string' || Secret.is(member))
    .flatMap(([name, member]) => {
      const text = Secret.is(member) ? member.reveal() : member;
      return none(text).map((instead) => ({ ...credentials, [name]: instead }));
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
