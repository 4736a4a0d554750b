import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@tokenkeep/servers';

const program = fileURLToPath(new URL('../node_modules/verdaccio/bin/verdaccio', import.meta.url));

export interface LocalRegistry {
  readonly url: string;
  /** For npm, and for what runs it: this registry, and nothing of the npm that runs the tests. */
  readonly env: NodeJS.ProcessEnv;
  stop(): void;
}

/** Keeps our packages in a folder, and asks the real registry for those of others. */
export async function startLocalRegistry(folder: string): Promise<LocalRegistry> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name))),
    NODE_OPTIONS: '',
    npm_config_userconfig: join(folder, 'npmrc'),
    npm_config_cache: join(folder, 'cache'),
  };
  const ours = { access: '$all', publish: '$all' };
  const uplink = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  const config = {
    storage: join(folder, 'registry'),
    uplinks: { npm: { url: uplink } },
    packages: {
      '@tokenkeep/*': ours,
      tokenkeep: ours,
      'create-tokenkeep-provider': ours,
      '**': { access: '$all', proxy: 'npm' },
    },
    log: { type: 'stdout', level: 'error' },
  };
  // YAML is a superset of JSON.
  writeFileSync(join(folder, 'registry.yaml'), JSON.stringify(config));
  // A registry wants somebody who publishes; this one asks nobody who it is.
  writeFileSync(join(folder, 'npmrc'), `registry=${url}\n//127.0.0.1:${port}/:_authToken=nobody\n`);
  const args = [program, '--config', join(folder, 'registry.yaml'), '--listen', url];
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  await isUp(child, url);
  return { url, env, stop: () => void child.kill('SIGKILL') };
}

async function isUp(child: ChildProcess, url: string): Promise<void> {
  const answers = () =>
    fetch(`${url}-/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let tries = 0; !(await answers()); tries += 1) {
    if (child.exitCode !== null || tries > 300) throw new Error('The registry did not start.');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
