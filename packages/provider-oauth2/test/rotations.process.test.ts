import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createTokenEngine } from '@tokenkeep/core';
import { type OAuth2Options, oauth2 } from '@tokenkeep/provider-oauth2';
import { sqliteStore } from '@tokenkeep/store-sqlite';
import { personWithBrowser } from './server/persons.js';
import { RealServer } from './server/real-server.js';

const ROTATIONS = 200;

test('two processes rotate one account two hundred times, and no family is revoked', async () => {
  await using server = await RealServer.begin({ accessLifeS: 3_600 });
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-oauth2-'));
  try {
    const path = join(folder, 'tokens.db');
    const options: OAuth2Options = {
      id: 'idp',
      issuer: server.issuer,
      clientId: 'public',
      authorizationParameters: { prompt: 'consent' },
    };
    const account = { provider: 'idp', account: 'crm', scope: 'openid offline_access' };
    const store = sqliteStore({ path });
    const engine = await createTokenEngine({
      store,
      providers: [oauth2(options)],
      accounts: [account],
      allowInsecureLoopback: true,
    });
    await engine.login('crm', { interaction: personWithBrowser().interaction });
    await engine.stop();

    const facts = { path, options, account, generations: ROTATIONS + 1 };
    const children = [new Rotating(facts), new Rotating(facts)];
    for (const child of children) await child.answer();
    for (const child of children) child.go();
    const ends = await Promise.all(children.map((child) => child.answer<RotationEnd>()));

    expect(ends.flatMap(({ errors }) => errors)).toEqual([]);
    // Both did their part.
    for (const { renewed } of ends) expect(renewed).toBeGreaterThan(0);
    const { requests, grantsRevoked } = await server.log();
    const refreshes = requests.filter(({ grant }) => grant === 'refresh_token');
    expect(grantsRevoked).toBe(0);
    expect(refreshes.filter(({ status }) => status !== 200)).toEqual([]);
    expect(refreshes.length).toBeGreaterThanOrEqual(ROTATIONS);
    expect(refreshes).toHaveLength(ends.reduce((sum, { renewed }) => sum + renewed, 0));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

interface RotationEnd {
  readonly generation: number;
  readonly renewed: number;
  readonly errors: readonly string[];
}

/** A running `rotate.mjs`, of the built packages. */
class Rotating {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string>;
  #complaints = '';

  constructor(facts: object) {
    const built = fileURLToPath(new URL('../dist/index.js', import.meta.url));
    if (!existsSync(built)) throw new Error('The packages are not built: run `npm run build`.');
    const program = fileURLToPath(new URL('./processes/rotate.mjs', import.meta.url));
    this.#process = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    this.#process.stdin.write(`${JSON.stringify(facts)}\n`);
  }

  go(): void {
    this.#process.stdin.write('go\n');
  }

  async answer<T>(): Promise<T> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`The process ended without an answer: ${this.#complaints}`);
    return JSON.parse(value) as T;
  }
}
