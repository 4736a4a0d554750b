import { everyRule } from '../../src/conformance/token-provider/every-rule.js';
import type { ProviderFacts } from '../../src/conformance/token-provider/provider-facts.js';
import { factsOf } from '../../src/conformance/token-provider/provider-facts.js';
import type { ProviderRule } from '../../src/conformance/token-provider/provider-rule.js';
import { acme } from './acme.js';
import { acmeDescription } from './acme-description.js';
import { everyBrokenProvider } from './every-broken-provider.js';

const opening = `# Provider conformance

\`testTokenProvider\` of \`@tokenkeep/testing/conformance\` is the [provider contract](provider-contract.md) as
tests, for any runner; [write a provider](../how-to/write-a-provider.md#4-the-tests) shows how it is called. Each
check runs the provider by the engine's own call, over real HTTP, against a server that speaks as the author
described it and goes wrong as the check wants. One that fails says what is wrong, what was seen, and which
sentence of the contract it breaks.

Whichever check a run is for, each is looked at: how many requests it made, whether what it threw, returned beside the
tokens, or wrote to the console shows a secret, and what it began by itself.

Not tried: \`login()\`, what is sent in another form (a password that is hashed), files, and what is changed in the process.

Both tables are made by \`npm run broken-providers -- --write\`.`;

const brokenOpening = `A good provider, broken in one place each time. The test of the kit sees to it that each is caught by the
check that is named here, with this sentence, and that no check is without one. \`npm run broken-providers\`
plays them all.`;

/** `docs/reference/provider-conformance.md`, as it should be. */
export function conformancePage(): string {
  const checks = everyRule.map((rule) => [rule.name, rule.says, leftOutWhere(rule)]);
  const caught = everyBrokenProvider.map(({ title, caughtBy, prints }) => [
    title,
    caughtBy,
    prints,
  ]);
  return [
    opening,
    '## The checks',
    table(['check', 'what the contract says', 'left out'], checks),
    `## ${caught.length} broken providers`,
    brokenOpening,
    table(['what is broken', 'the check that caught it', 'what it says'], caught),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

/** Providers and descriptions that lack one thing each. */
function lacking(): readonly (readonly [what: string, facts: ProviderFacts])[] {
  const { server } = acmeDescription;
  const facts = factsOf(acme('http://127.0.0.1:9'), { ...acmeDescription } as never);
  const { profile } = facts;
  const { inspect: _inspect, ...uninspected } = server;
  return [
    ['without refresh tokens', { ...facts, refreshes: false }],
    ['where they may be reused', { ...facts, profile: { ...profile, refreshToken: 'reusable' } }],
    ['without `revoke()`', { ...facts, revokes: false }],
    ['without `inspect()`', { ...facts, inspects: false, server: uninspected }],
    ['without budgets', { ...facts, profile: { ...profile, budgets: [] } }],
    ['where no lifetime is stated', { ...facts, server: { ...server, lifetime: 'none' } }],
    ['where it is written as a moment', { ...facts, server: { ...server, lifetime: 'datetime' } }],
    ['without a refresh lifetime', { ...facts, server: { ...server, refreshLifetime: 'none' } }],
    ['with `secretsInUrl`', { ...facts, server: { ...server, secretsInUrl: true } }],
    ['where your own server answers', { ...facts, scripted: false }],
  ];
}

function leftOutWhere({ concerns }: ProviderRule): string {
  if (concerns === undefined) return '';
  return lacking()
    .filter(([, facts]) => !concerns(facts))
    .map(([what]) => what)
    .join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll('  ', ' ');
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
