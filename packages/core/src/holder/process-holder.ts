import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Random, randomId } from '../clock/random.js';
import type { Holder } from './holder.js';

/**
 * `host.pid.start.nonce`. The host part covers the boot and the PID namespace, so that a process
 * number of another container or of an earlier boot is never taken for one of ours.
 */
export function processHolder(random: Random): Holder {
  const host = hostPart();
  const nonce = randomId(random, 6);
  return {
    id: `${host}.${process.pid}.${startOf(process.pid) ?? 0}.${nonce}`,
    isGone: (id) => {
      const [itsHost, pid, start] = id.split('.');
      if (itsHost !== host || pid === undefined || !/^\d+$/.test(pid)) return false;
      if (Number(pid) === process.pid && start === String(startOf(process.pid) ?? 0)) return false;
      return !isAlive(Number(pid), start);
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

function hostPart(): string {
  const boot = read('/proc/sys/kernel/random/boot_id') ?? '';
  const facts = [hostname(), process.platform, boot, pidNamespace()].join('|');
  return createHash('sha256').update(facts).digest('hex').slice(0, 16);
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
