// npm run shapes: which API shapes are covered, how, and by which test. Writes
// docs/reference/api-shapes.md; with --check it says whether that page is current.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from './child.mjs';

const page = 'docs/reference/api-shapes.md';

/**
 * @typedef {{ vendor: string, special: string, how: string, source: string, test: string }} Shape
 */

/** Providers with options, and plug-ins: they have no declaration to read. @type {readonly Shape[]} */
const others = [
  {
    vendor: 'ChatApp',
    special: 'ends as unix seconds; bare token; 100 logins a day; errors at any status',
    how: 'options',
    source: 'packages/provider-chatapp',
    test: 'packages/provider-chatapp/test/requests.test.ts',
  },
  {
    vendor: 'TeleTracker, and logins like it',
    special: 'JSON login, rotating `/auth/refresh`, in body, header or cookie',
    how: 'options',
    source: 'packages/provider-auth-refresh',
    test: 'packages/provider-auth-refresh/test/requests.test.ts',
  },
  {
    vendor: 'Digital River, and OAuth 2.0 like it',
    special: 'GET and DELETE on an access-token resource; chains',
    how: 'options',
    source: 'packages/provider-oauth20',
    test: 'packages/provider-oauth20/test/requests.test.ts',
  },
  {
    vendor: 'GitHub App',
    special: 'minted by a signed JWT, dated 60 s back, of at most 10 min',
    how: 'plug-in',
    source: 'examples/plug-ins/github-app.ts',
    test: 'test/examples/signing-plug-ins.test.ts',
  },
  {
    vendor: 'Apple',
    special: 'the client secret is a signed JWT (ES256)',
    how: 'plug-in',
    source: 'examples/plug-ins/apple.ts',
    test: 'test/examples/signing-plug-ins.test.ts',
  },
];

/** @returns {string} the page, as it should be */
export function apiShapesPage() {
  const folder = join(root, 'examples/declared');
  const declared = readdirSync(folder)
    .sort()
    .map((file) => declaredShape(join(folder, file), file));
  const rows = [...others, ...declared].map(row);
  return `# API shapes

Which kinds of token endpoints are covered, how, and the test that plays them against a scripted server.
\`npm run shapes\` writes this page out of the [declarations](../../examples/declared) and the tests.

- **options**: a provider of this repository; its options say the rest.
- **declared**: data for [\`httpProvider()\`](declared-provider.md), a file each, to copy.
- **plug-in**: a few lines of code over a declaration, where a request has to be signed.

| API | what is special | how | where | test | sentences |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** @param {string} path @param {string} file @returns {Shape} */
function declaredShape(path, file) {
  const text = readFileSync(path, 'utf8');
  const [vendor = '', special = ''] = aboutIn(text, parse(text).id);
  const test = `packages/provider-http/test/vendors/${file.replace('.yaml', '.test.ts')}`;
  return { vendor, special, how: 'declared', source: `examples/declared/${file}`, test };
}

/** The first sentence of the comment: \`Vendor, more: what is special.\` @param {string} text @param {string} id */
function aboutIn(text, id) {
  const comment =
    text
      .match(/^(?:#.*\n)+/)?.[0]
      .replace(/^# ?/gm, '')
      .replace(/\n/g, ' ') ?? '';
  const [, vendor, special] = /^([^:]{1,60}): (.+?)\.(?: [A-Z]|$| )/.exec(comment) ?? [];
  if (vendor === undefined || special === undefined) {
    throw new Error(`Begin the comment of ${id}.yaml with "Vendor: what is special."`);
  }
  return [vendor, special];
}

/** @param {Shape} shape */
function row({ vendor, special, how, source, test }) {
  if (!existsSync(join(root, test)))
    throw new Error(`${test} is missing: write the test of ${vendor}.`);
  const sentences =
    readFileSync(join(root, test), 'utf8').match(/^ *(?:test|test\.each)\(/gm) ?? [];
  const link = (/** @type {string} */ path) => `[${path.split('/').at(-1)}](../../${path})`;
  const cells = [vendor, special, how, link(source), link(test), String(sentences.length)];
  return `| ${cells.join(' | ')} |`;
}

if (process.argv[1]?.endsWith('api-shapes.mjs')) {
  const text = apiShapesPage();
  const path = join(root, page);
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write(`${page} is not current. Run: npm run shapes\n`);
    process.exitCode = 1;
  }
}
