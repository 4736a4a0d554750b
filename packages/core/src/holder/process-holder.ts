import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Random, randomId } from '../clock/random.js';
import type { Holder } from './holder.js';

/**
 * `machine.boot.space.pid.start.nonce`. Process numbers mean something only on one machine, within
 * one boot and one PID namespace: one of another container is never taken for one of ours.
 */
export function processHolder(random: Random): Holder {
  const machine = hashed(hostname(), process.platform, read('/etc/machine-id'));
  const bootId = read('/proc/sys/kernel/random/boot_id');
  const boot = hashed(bootId);
  const space = hashed(pidNamespace());
  const nonce = randomId(random, 6);
  const ownStart = startOf(process.pid) ?? '0';
  return {
    id: [machine, boot, space, process.pid, ownStart, nonce].join('.'),
    isGone: (id) => {
      const [itsMachine, itsBoot, itsSpace, pid, start] = id.split('.');
      if (itsMachine !== machine || itsBoot !== boot || itsSpace !== space) return false;
      if (pid === undefined || !/^\d+$/.test(pid)) return false;
      if (Number(pid) === process.pid && start === ownStart) return false;
      return !isAlive(Number(pid), start);
    },
    isOfEarlierBoot: (id) => {
      const [itsMachine, itsBoot] = id.split('.');
      return bootId !== undefined && itsMachine === machine && itsBoot !== boot;
    },
  };
}

function isAlive(pid: number, start: string | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code !== 'ESRCH';
  }
  const now = startOf(pid);
  // The number may have been given to another process since.
  return now === undefined || start === undefined || start === '0' || now === start;
}

/** Field 22 of /proc/PID/stat (proc(5)): when the process started, in ticks since boot. */
function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie no longer runs any of our code.
  return fields?.[0] === 'Z' ? 'zombie' : fields?.[19];
}

function hashed(...facts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(facts.join('|')).digest('hex').slice(0, 10);
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
