import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';

/** The part of a file system that escrow stands on. A simulation brings a disk of its own. */
export interface EscrowFiles {
  mkdir(
    path: string,
    options: { readonly recursive: true; readonly mode: number },
  ): Promise<unknown>;
  open(path: string, flags: number, mode?: number): Promise<EscrowFile>;
  readdir(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { readonly force: true }): Promise<void>;
}

/** An open file or, for `sync`, an open folder. Errors have a `code`, as Node's do. */
export type EscrowFile = Pick<FileHandle, 'datasync' | 'sync' | 'close'> & {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  readFile(): Promise<Buffer>;
};

/** The machine's own disk. */
export const nodeFiles: EscrowFiles = { mkdir, open, readdir, rename, rm };
