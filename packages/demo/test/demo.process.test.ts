import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RunningDemo } from './running-demo.js';

const ansi = '\u001b[';

const started: RunningDemo[] = [];

function start(...args: ConstructorParameters<typeof RunningDemo>): RunningDemo {
  const demo = new RunningDemo(...args);
  started.push(demo);
  return demo;
}

const broken = [
  { what: 'replay', promise: 'No used refresh token is replayed' },
  { what: 'loop', promise: 'No client runs in a loop' },
  { what: 'serve-expired', promise: 'No ended token reaches an API' },
];
let plain: RunningDemo;
let kept: RunningDemo;
const breaking = new Map<string, RunningDemo>();

// Each takes half a minute, most of it waiting: they do it together.
beforeAll(() => {
  plain = start([]);
  kept = start(['--keep']);
  for (const { what } of broken) breaking.set(what, start(['--break', what]));
});

afterAll(() => {
  for (const demo of started) demo.kill();
});

describe('the demo, left alone', () => {
  test('ends by itself within 60 s with its summary, every promise kept and exit code 0', async () => {
    const { code, output, complaints, seconds } = await plain.ended;
    expect(complaints).toBe('');
    expect(output).toContain('What the servers saw');
    expect(output).toContain('All 12 promises were kept.');
    expect(output).not.toContain('✘');
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(60);
  });

  test('shows each thing that can happen to a token', async () => {
    const { output } = await plain.ended;
    for (const happening of [
      'obtained',
      'served',
      'renewed',
      'refused',
      'replayed',
      'rotated',
      'revoked',
      'restored',
    ]) {
      expect(output).toMatch(new RegExp(`^ *\\d+\\.\\d s  \\S+ +\\S ${happening} `, 'm'));
    }
  });

  test('has a row in the summary for each account, and all promises measured', async () => {
    const { output } = await plain.ended;
    const summary = output.slice(output.indexOf('What the servers saw'));
    expect(summary).toMatch(/chatapp\/crm +1 +\d+ +\d+ +1 +1 +1 each +0 +0/);
    expect(summary).toMatch(/teletracker\/fleet +1 +\d+ +\d+ +0 +0 +1 each +0 +0/);
    expect(summary).toMatch(/identity\/staff +1 +\d+ +\d+ +0 +0 +1 each +0 +0/);
    expect(summary).toMatch(/digitalriver\/shop +\d+ +0 +\d+ +0 +0 +- +0 +0/);
    expect(summary).not.toContain('did not get there');
  });

  test('removes its temporary folder', async () => {
    const { output, leftBehind } = await plain.ended;
    expect(output).toMatch(/one SQLite file in \S+tokenkeep-demo-/);
    expect(leftBehind).toEqual([]);
  });

  test('writes no escape codes where the output is no terminal, and no line above 100 columns', async () => {
    const { output } = await plain.ended;
    expect(output).not.toContain(ansi);
    const lines = output.split('\n').filter((line) => !line.includes('SQLite file in'));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('a promise broken on purpose is caught and named', () => {
  test.each(broken)('--break $what: "$promise", exit code 1', async ({ what, promise }) => {
    const end = await breaking.get(what)?.ended;
    expect(end?.output).toContain(`✘ ${promise}`);
    expect(end?.output.split('✘ Broken:')[1]).toContain(promise);
    expect(end?.output).not.toContain('promises were kept');
    expect(end?.code).toBe(1);
    expect(end?.leftBehind).toEqual([]);
  });

  test('the others still hold where only one client was careless', async () => {
    for (const what of ['loop', 'serve-expired']) {
      expect((await breaking.get(what)?.ended)?.output).toContain('Broken: 1 of 12 promises');
    }
  });
});

describe('Ctrl-C', () => {
  test('--keep goes on after the story, stops gracefully and exits with 0', async () => {
    await kept.shows('And so on');
    kept.interrupt();
    const { code, output, complaints, leftBehind } = await kept.ended;
    expect(complaints).toBe('');
    expect(output).toContain('The engine stops');
    expect(output).toContain('All 12 promises were kept.');
    expect(code).toBe(0);
    expect(leftBehind).toEqual([]);
  });

  test('in the middle of the story shows what was measured so far', async () => {
    const demo = start([]);
    await demo.shows('served');
    demo.interrupt();
    const { code, output, leftBehind } = await demo.ended;
    expect(output).toContain('the story did not get there');
    expect(output).toContain('the story ended before the rest was tested');
    expect(code).toBe(0);
    expect(leftBehind).toEqual([]);
  });

  test('in the middle of a rotation still ends every token at the server', async () => {
    const demo = start([]);
    await demo.shows('rotated');
    demo.interrupt();
    const { code, output } = await demo.ended;
    expect(output).toContain('1 session, 1 rotation: 2 tokens ended with DELETE');
    expect(code).toBe(0);
  });
});

describe('colours', () => {
  const firstLines = async (env: Record<string, string>, terminal = true) => {
    const demo = start([], { terminal, env });
    await demo.shows('served');
    demo.interrupt();
    return (await demo.ended).output;
  };

  test('are shown in a terminal', async () => {
    expect(await firstLines({})).toContain(ansi);
  });

  test('are not shown with NO_COLOR', async () => {
    expect(await firstLines({ NO_COLOR: '1' })).not.toContain(ansi);
  });

  test('are not shown in a pipe, on a CI machine either', async () => {
    expect(await firstLines({ CI: 'true' }, false)).not.toContain(ansi);
  });
});

describe('the command line', () => {
  test('--help says what there is, and plays nothing', async () => {
    const { code, output } = await start(['--help']).ended;
    for (const flag of ['--keep', '--break', 'replay', 'loop', 'serve-expired']) {
      expect(output).toContain(flag);
    }
    expect(output).not.toContain('obtained');
    expect(code).toBe(0);
  });

  test.each([
    { args: ['--brake', 'loop'], complaint: "'--brake'" },
    { args: ['--break', 'everything'], complaint: 'replay, loop, serve-expired' },
    { args: ['--break'], complaint: '--break' },
    { args: ['fast'], complaint: "'fast'" },
  ])('$args is refused with a clear error and exit code 2', async ({ args, complaint }) => {
    const { code, output, complaints } = await start(args).ended;
    expect(complaints).toContain(complaint);
    expect(complaints).toContain('--help');
    expect(complaints).not.toContain('    at ');
    expect(output).toBe('');
    expect(code).toBe(2);
  });
});
