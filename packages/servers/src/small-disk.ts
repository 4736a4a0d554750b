import { spawnSync } from 'node:child_process';

/**
 * A command line that runs with a small disk mounted on a folder, for it alone: the mount goes away
 * with the process. `options` are those of a tmpfs, e.g. `size=1m,mode=700,ro`.
 */
export function onSmallDisk(
  folder: string,
  options: string,
  command: readonly string[] = [],
): readonly string[] {
  const mount = `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`;
  return ['unshare', '--mount', 'sh', '-c', mount, folder, ...command];
}

/** Mounting needs rights that a laptop's user has not: what hangs on it goes unchecked there. */
export function canMount(): boolean {
  return spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
}
