import { expect, test } from '@jest/globals';
import { type Canary, canary, fault, scanForCanaries } from '@tokenkeep/testing';
import { CliWorld } from './cli-world.js';
import type { CliEnd } from './running-cli.js';

/** A server that issues canaries, so that every trace of a token can be searched for. */
async function canaryWorld(): Promise<{ world: CliWorld; canaries: readonly Canary[] }> {
  const world = await CliWorld.begin();
  const access = canary('access');
  const refresh = canary('refresh');
  world.server.truth.issueFixedAccessToken(access.secret);
  world.server.truth.issueFixedRefreshToken(refresh.secret);
  return { world, canaries: [access, refresh, world.password] };
}

const quietCommands: readonly (readonly string[])[] = [
  ['status'],
  ['status', 'crm'],
  ['status', '--json'],
  ['accounts', 'list'],
  ['accounts', 'list', '--json'],
  ['login', 'crm'],
  ['login', 'crm', '--json'],
  ['renew', 'crm', '--verbose'],
  ['doctor'],
  ['doctor', '--json'],
  ['keys', 'list'],
  ['keys', 'list', '--json'],
  ['token', 'nobody', '--verbose'],
  ['revoke', 'crm', '--yes'],
  ['status', '--json', '--verbose'],
  ['--help'],
  ['token', '--help'],
];

test('S22 no command but token and exec prints a secret, whatever it is asked for', async () => {
  const { world, canaries } = await canaryWorld();
  await using _ = world;
  const token = await world.run(['token', 'crm']);
  // The scan sees what is there to be seen.
  expect(scanForCanaries(token.out, canaries).length).toBeGreaterThan(0);
  expect(scanForCanaries(token.err, canaries)).toEqual([]);
  for (const args of quietCommands) {
    const { out, err } = await world.run(args);
    expect([args, scanForCanaries(out + err, canaries)]).toEqual([args, []]);
  }
});

test('S22 no error prints a secret that a server sends back', async () => {
  const { world, canaries } = await canaryWorld();
  await using _ = world;
  const faults = [
    () => fault.echoSecrets(400),
    () => fault.echoSecrets(500),
    () => fault.truncate(150),
    () => fault.mutateText((text) => text.slice(1)),
  ];
  for (const meet of faults) {
    for (const flags of [['--verbose'], ['--json', '--verbose']]) {
      world.server.faults.clear();
      world.server.faults.next('obtain', meet(), meet(), meet());
      const { code, out, err }: CliEnd = await world.run(['login', 'crm', ...flags]);
      expect(code).not.toBe(0);
      expect(scanForCanaries(out + err, canaries)).toEqual([]);
    }
  }
});
