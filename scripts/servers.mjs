// What tests of the server stores need: PostgreSQL and Redis. Installed where they are missing and
// this is root on Debian; elsewhere those tests are skipped, and say what they need.
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { step } from './step.mjs';

const postgresFolder = '/usr/lib/postgresql';

/** A program, and the Debian package that has it. */
const wanted = [
  { program: 'initdb', packageName: 'postgresql' },
  { program: 'redis-server', packageName: 'redis-server' },
];

export async function prepareServers() {
  const missing = wanted.filter(({ program }) => !isInstalled(program));
  if (missing.length === 0) return;
  const names = missing.map(({ packageName }) => packageName);
  const line = `apt-get install -y --no-install-recommends ${names.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stdout.write(
      `> ${names.join(' and ')} missing: their tests are skipped. Install: ${line}\n`,
    );
    return;
  }
  const shell = `export DEBIAN_FRONTEND=noninteractive; ${line} -qq || (apt-get update -qq && ${line} -qq)`;
  // A failure is no reason not to run the rest: the tests that need it say so.
  if (!(await step(`installing ${names.join(' and ')}`, 'sh', ['-c', `(${shell}) >&2`]))) {
    process.exitCode = 0;
  }
}

/** @param {string} program */
function isInstalled(program) {
  const versions = existsSync(postgresFolder) ? readdirSync(postgresFolder) : [];
  const folders = [
    ...versions.map((version) => join(postgresFolder, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
  return folders.some((folder) => existsSync(join(folder, program)));
}
