import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { platform } from 'node:process';
import { TokenError } from '@tokenkeep/core';

const LONGEST_PROBE_MS = 2_000;

/** A value that changes when the machine boots and at no other time. */
export function systemBootId(): string {
  const id = probe().trim();
  if (id !== '') return id;
  throw new TokenError(
    'STORE_MISCONFIGURED',
    `this system (${platform}) does not say when it was booted. Pass the option bootId: a text that changes at each boot and only then`,
    { reason: 'no_boot_id' },
  );
}

function probe(): string {
  try {
    if (platform === 'linux') return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    if (platform === 'darwin') {
      return execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], {
        encoding: 'utf8',
        timeout: LONGEST_PROBE_MS,
      });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return '';
}
