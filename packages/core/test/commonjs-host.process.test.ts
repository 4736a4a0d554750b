import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { AuthRefreshAuthority } from '@tokenkeep/testing';

const host = fileURLToPath(new URL('./process/commonjs-host.cjs', import.meta.url));
const declarations = new URL('../dist/', import.meta.url);

test('a CommonJS host requires the built packages and is served', async () => {
  const credentials = { username: 'ada', password: 'correct horse battery' };
  await using server = await new AuthRefreshAuthority({
    accounts: [{ accountId: 'crm', ...credentials }],
  }).start();
  const facts = JSON.stringify({ url: server.url, credentials });

  const { stdout } = await promisify(execFile)(process.execPath, [host, facts]);

  expect(JSON.parse(stdout)).toMatchObject({
    generation: 1,
    authorization: expect.stringMatching(/^Bearer \S+$/),
    di: ['bindProvider', 'bindStore', 'engineBindings', 'serviceIds'],
  });
  expect(server.log.count({ operation: 'obtain' })).toBe(1);
});

test('the types of createTokenEngine, and all it draws in, name no inversify', () => {
  const seen = new Set<string>();
  const visit = (url: URL) => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const text = readFileSync(url, 'utf8');
    expect(text).not.toMatch(/\binversify\b/);
    for (const [, next] of text.matchAll(/from '(\.[^']+)\.js'/g)) {
      visit(new URL(`${next}.d.ts`, url));
    }
  };
  visit(new URL('index.d.ts', declarations));
  expect([...seen].some((href) => href.endsWith('di/create-token-engine.d.ts'))).toBe(true);
});
