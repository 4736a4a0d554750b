import { constants } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { EscrowFile, EscrowFiles } from '@tokenkeep/core';
import { type SimHost, SimProcess, Simulation } from '@tokenkeep/testing/simulation';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants;
const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

interface Scene {
  readonly simulation: Simulation;
  readonly host: SimHost;
  /** The disk as a process uses it, which is started anew whenever it has died. */
  files(): EscrowFiles;
  kill(): void;
  run<Value>(work: Promise<Value>): Promise<Value>;
}

function scene(seed = 1): Scene {
  const simulation = new Simulation({ seed });
  const host = simulation.host('host');
  let process = new SimProcess(host, 'writer#1');
  return {
    simulation,
    host,
    files() {
      if (!process.isAlive) process = new SimProcess(host, 'writer#2');
      return host.disk.filesOf(process);
    },
    kill: () => process.kill(),
    run: (work) => simulation.playUntil(work),
  };
}

/** A file whose name is on the disk as well. */
async function newFile({ files, run }: Scene, path = '/d/file'): Promise<EscrowFile> {
  await run(files().mkdir('/d', { recursive: true, mode: 0o700 }));
  const file = await run(files().open(path, O_RDWR | O_CREAT | O_EXCL, 0o600));
  await run(file.sync());
  await run((await run(files().open('/d', O_RDONLY))).sync());
  return file;
}

async function write({ run }: Scene, file: EscrowFile, text: string, position: number) {
  const bytes = Buffer.from(text);
  await run(file.write(bytes, 0, bytes.length, position));
}

async function contents({ files, run }: Scene, path = '/d/file'): Promise<string> {
  const file = await run(files().open(path, O_RDONLY));
  return (await run(file.readFile())).toString();
}

function cutPower({ host }: Scene): void {
  host.powerOff();
  host.powerOn();
}

describe('a power cut', () => {
  test('keeps what was synced', async () => {
    for (const seed of seeds) {
      const at = scene(seed);
      const file = await newFile(at);
      await write(at, file, 'synced', 0);
      await at.run(file.datasync());
      await write(at, file, '+lost?', 6);
      cutPower(at);
      expect((await contents(at)).slice(0, 6)).toBe('synced');
    }
  });

  test('loses what was not, or keeps all of it, or a part: each happens', async () => {
    const seen = new Set<string>();
    for (const seed of seeds) {
      const at = scene(seed);
      const file = await newFile(at);
      await write(at, file, 'abcdef', 0);
      cutPower(at);
      seen.add(await contents(at));
    }
    expect([...seen].every((text) => 'abcdef'.startsWith(text))).toBe(true);
    expect(seen).toContain('');
    expect(seen).toContain('abcdef');
    expect(seen.size).toBeGreaterThan(3);
  });

  test('may keep a later write and lose an earlier one', async () => {
    const seen = new Set<string>();
    for (const seed of seeds) {
      const at = scene(seed);
      const file = await newFile(at);
      await write(at, file, 'first', 0);
      await write(at, file, 'second', 5);
      cutPower(at);
      seen.add((await contents(at)).replaceAll('\0', '.'));
    }
    expect(seen).toContain('.....second');
    expect(seen).toContain('firstsecond');
  });

  test('takes a new file away whose folder was not synced, sometimes', async () => {
    const found = new Set<number>();
    for (const seed of seeds) {
      const at = scene(seed);
      const { files, run } = at;
      await run(files().mkdir('/d', { recursive: true, mode: 0o700 }));
      const file = await run(files().open('/d/new', O_RDWR | O_CREAT | O_EXCL, 0o600));
      await run(file.sync());
      cutPower(at);
      found.add((await run(files().readdir('/d'))).length);
    }
    expect(found).toEqual(new Set([0, 1]));
  });

  test('ends what was on its way to the disk: nothing is written afterwards', async () => {
    for (const seed of seeds) {
      const at = scene(seed);
      const file = await newFile(at);
      await write(at, file, 'before', 0);
      await at.run(file.datasync());
      void file.write(Buffer.from('BEHIND'), 0, 6, 0);
      cutPower(at);
      await at.simulation.play(1_000);
      expect(await contents(at)).toBe('before');
    }
  });
});

describe('SIGKILL', () => {
  test('loses nothing that was written, synced or not', async () => {
    for (const seed of seeds) {
      const at = scene(seed);
      await write(at, await newFile(at), 'unsynced', 0);
      at.kill();
      expect(await contents(at)).toBe('unsynced');
    }
  });

  test('in the middle of a write leaves all of it or nothing, and the dead hear nothing', async () => {
    const seen = new Set<string>();
    for (const seed of seeds) {
      const at = scene(seed);
      const file = await newFile(at);
      let heard = false;
      const note = () => {
        heard = true;
      };
      file.write(Buffer.from('whole'), 0, 5, 0).then(note, note);
      at.kill();
      await at.simulation.play(1_000);
      expect(heard).toBe(false);
      seen.add(await contents(at));
    }
    expect(seen).toEqual(new Set(['', 'whole']));
  });
});

describe('a disk that is', () => {
  test('full refuses new files and longer ones, and takes what fits into a file', async () => {
    const at = scene();
    const file = await newFile(at);
    await write(at, file, 'room for this', 0);
    at.host.disk.faults.isFull = true;
    await write(at, file, 'ROOM', 0);
    await expect(write(at, file, 'longer', 10)).rejects.toMatchObject({ code: 'ENOSPC' });
    const creating = at.files().open('/d/another', O_RDWR | O_CREAT | O_EXCL, 0o600);
    await expect(at.run(creating)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await contents(at)).toBe('ROOM for this');
  });

  test('broken says EIO, and has not done it', async () => {
    const at = scene();
    const file = await newFile(at);
    at.host.disk.faults.errors = 1;
    await expect(write(at, file, 'text', 0)).rejects.toMatchObject({ code: 'EIO' });
    await expect(at.run(file.datasync())).rejects.toMatchObject({ code: 'EIO' });
    at.host.disk.faults.errors = 0;
    expect(await contents(at)).toBe('');
  });

  test('slow takes its time', async () => {
    const timeOf = async (slowness: number) => {
      const at = scene();
      const file = await newFile(at);
      at.host.disk.faults.slowness = slowness;
      const from = at.simulation.now;
      await at.run(file.datasync());
      return at.simulation.now - from;
    };
    expect(await timeOf(100)).toBeCloseTo(100 * (await timeOf(1)), 3);
  });
});

test('files are found by name, created once, renamed and removed', async () => {
  const at = scene();
  const { files, run } = at;
  await newFile(at);
  const again = files().open('/d/file', O_RDWR | O_CREAT | O_EXCL, 0o600);
  await expect(run(again)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(run(files().open('/d/none', O_RDONLY))).rejects.toMatchObject({ code: 'ENOENT' });
  await run(files().rename('/d/file', '/d/moved'));
  expect(await run(files().readdir('/d'))).toEqual(['moved']);
  await run(files().rm('/d/moved', { force: true }));
  expect(await run(files().readdir('/d'))).toEqual([]);
});

test('a file that is written hundreds of times still holds what was written last', async () => {
  const at = scene();
  const file = await newFile(at);
  for (let count = 0; count < 600; count += 1) {
    await write(at, file, `count ${count}`, 0);
    if (count % 3 === 0) await at.run(file.datasync());
  }
  await at.run(file.datasync());
  cutPower(at);
  expect(await contents(at)).toBe('count 599');
});
