import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { canMount, onSmallDisk } from '@tokenkeep/servers';

const script = fileURLToPath(new URL('./processes/disk.mjs', import.meta.url));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const onDisk = canMount() ? test : test.skip;

/** Runs one command of `disk.mjs` on a tmpfs that exists for that process alone. */
async function answerOf<Answer>(command: string, options = ''): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-disk-'));
  folders.push(folder);
  const node = [process.execPath, script, command, folder];
  const [program = '', ...args] = onSmallDisk(folder, `size=8m,mode=700${options}`, node);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [said, complained]: string[][] = [[], []];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said?.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => complained?.push(text));
  await once(child, 'close');
  if (said?.length === 0) throw new Error(complained?.join(''));
  return JSON.parse(said?.join('') ?? '') as Answer;
}

interface Outcome {
  readonly ok?: true;
  readonly generation?: number;
  readonly code?: string;
  readonly reason?: string;
  readonly message?: string;
}

interface Requests {
  readonly obtain: number;
  readonly refresh: number;
  readonly replays: number;
}

interface Stored {
  readonly generation: number;
  readonly state: string;
  readonly accepted: boolean;
}

describe('F65 an engine on a disk that fails', () => {
  onDisk('F65 EROFS: it does not start, says why, and sends nothing', async () => {
    type Answer = { opened: Outcome; requests: Requests };
    const { opened, requests } = await answerOf<Answer>('open', ',ro');
    expect(opened).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'read_only_file_system' });
    expect(opened.message).toContain('tokens.db');
    expect(opened.message).toContain('remount,rw');
    expect(requests).toEqual({ obtain: 0, refresh: 0, replays: 0 });
  });

  onDisk('F65 ENOSPC at the start: it does not start, and does once there is space', async () => {
    type Answer = { full: Outcome; before: Requests; token: Outcome; stored: Stored };
    const { full, before, token, stored } = await answerOf<Answer>('openFull');
    expect(full).toMatchObject({ code: 'STORE_MISCONFIGURED', reason: 'disk_full' });
    expect(full.message).toContain('df -h');
    expect(before).toEqual({ obtain: 0, refresh: 0, replays: 0 });
    expect(token.ok).toBe(true);
    expect(stored).toMatchObject({ generation: 1, accepted: true });
  });

  onDisk('F65 ENOSPC before a renewal: nothing is sent, and the token serves on', async () => {
    type Answer = Record<'renewed' | 'served' | 'after', Outcome> &
      Record<'sent' | 'requests', Requests> & { stored: Stored };
    const answer = await answerOf<Answer>('fullBeforeRenewal');
    expect(answer.renewed).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(answer.renewed.message).toContain('space');
    expect(answer.served).toMatchObject({ ok: true, generation: 1 });
    expect(answer.sent).toEqual({ obtain: 1, refresh: 0, replays: 0 });
    expect(answer.after).toMatchObject({ ok: true, generation: 2 });
    expect(answer.stored).toMatchObject({ generation: 2, accepted: true });
    expect(answer.requests).toEqual({ obtain: 1, refresh: 1, replays: 0 });
  });

  onDisk(
    'F65 ENOSPC at the commit: the rotated pair waits in escrow, and is not lost',
    async () => {
      type Answer = Record<'renewed' | 'served', Outcome> &
        Record<'whileFull' | 'requests', Requests> & {
          stored: Stored;
          events: string[];
        };
      const answer = await answerOf<Answer>('fullAtCommit');
      expect(answer.renewed).toMatchObject({ ok: true, generation: 2 });
      expect(answer.served).toMatchObject({ ok: true, generation: 2 });
      expect(answer.events).toEqual(
        expect.arrayContaining(['store:unavailable', 'escrow:written']),
      );
      expect(answer.whileFull).toEqual({ obtain: 1, refresh: 1, replays: 0 });
      expect(answer.stored).toMatchObject({ generation: 2, state: 'live', accepted: true });
      expect(answer.requests).toEqual(answer.whileFull);
    },
  );
});
