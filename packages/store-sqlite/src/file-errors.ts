import { dirname } from 'node:path';
import { TokenError } from '@tokenkeep/core';

type Words = readonly [reason: string, message: string];

/** A file system error as the operator needs it: cause, path and the command that helps. */
export function fileError(error: unknown, path: string): TokenError {
  const { code } = (error ?? {}) as { code?: unknown };
  const [reason, message] = words(String(code), path);
  return new TokenError('STORE_MISCONFIGURED', message, { reason });
}

function words(code: string, path: string): Words {
  const file = shellQuoted(path);
  const folder = shellQuoted(dirname(path));
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return [
        'permission_denied',
        `this user may not read and write ${path} (${code}). Look at every folder on the way: namei -l ${file}`,
      ];
    case 'EROFS':
      return [
        'read_only_file_system',
        `${path} is on a file system that is mounted read-only (EROFS). Choose another path, or: mount -o remount,rw "$(findmnt -nT ${folder} -o TARGET)"`,
      ];
    case 'ENOSPC':
    case 'EDQUOT':
      return [
        'disk_full',
        `no space is left to create or change ${path} (${code}). Make space: df -h ${folder}; df -i ${folder}`,
      ];
    case 'EMFILE':
    case 'ENFILE':
      return [
        'too_many_files',
        `too many files are open to open ${path} (${code}). Raise the limit of this process: ulimit -n 4096`,
      ];
    case 'ENOTDIR':
    case 'EEXIST':
      return [
        'no_folder',
        `a part of ${path} that should be a folder is a file. Look at it: namei -l ${file}`,
      ];
    case 'ENOENT':
      return [
        'no_folder',
        `${path} is where nothing can be made (ENOENT). Choose a path on a local disk`,
      ];
    case 'ENAMETOOLONG':
      return ['name_too_long', `${path} is too long a name for its file system (ENAMETOOLONG)`];
    case 'ELOOP':
      return ['symbolic_link', `${path} leads through a loop of symbolic links (ELOOP)`];
    default:
      return ['cannot_open', `${path} cannot be opened (${code}). Check: ls -la ${folder}`];
  }
}

/** A path that can be pasted after a command. */
export function shellQuoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
