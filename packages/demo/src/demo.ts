import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiCaller } from './api-caller.js';
import { assembleCast } from './cast.js';
import type { Breakage } from './command-line.js';
import { scanFiles } from './file-scan.js';
import { Narrator } from './narrator.js';
import { judgeAll } from './promises.js';
import type { Screen } from './screen.js';
import { countsOf } from './server-counts.js';
import { Stage } from './stage.js';
import { Story } from './story.js';
import { showSummary } from './summary.js';

export interface DemoOptions {
  readonly breakage: Breakage | undefined;
  readonly keep: boolean;
  /** Ends the story early; the summary is shown all the same. */
  readonly signal: AbortSignal;
}

/** Plays the story over real servers and a real file. @returns whether every promise was kept */
export async function playDemo(screen: Screen, options: DemoOptions): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenkeep-demo-'));
  try {
    return await playIn(folder, screen, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function playIn(folder: string, screen: Screen, options: DemoOptions): Promise<boolean> {
  const cast = await assembleCast();
  try {
    const callers: ApiCaller[] = [];
    const narrator = new Narrator(cast, screen, () => callers);
    showTitle(screen, folder);
    const stage = await Stage.raise(cast, folder, (engine) => narrator.follow(engine));
    const story = new Story(stage, screen, options.signal, callers);
    let brokeOff = false;
    try {
      await story.play(options.breakage, options.keep);
    } catch (error) {
      brokeOff = !options.signal.aborted;
      // What the servers saw until then is worth more than a stack trace alone.
      if (brokeOff) screen.line(screen.colours.red(`\n ✘ The story broke off. ${textOf(error)}`));
    } finally {
      screen.line();
      screen.line(screen.colours.dim('    The engine stops: what is under way is finished first.'));
      await story.curtain();
      await stage.close();
    }
    const counts = cast.members.map(countsOf);
    const scan = scanFiles(folder, cast.members);
    const verdicts = judgeAll({ counts, facts: story.facts, scan });
    showSummary(screen, counts, verdicts, story.facts.refusalsProvoked);
    return !brokeOff && verdicts.every(({ kept }) => kept !== false);
  } finally {
    await cast.stop();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function showTitle(screen: Screen, folder: string): void {
  const { bold, dim } = screen.colours;
  screen.line();
  screen.line(
    ` ${bold('Tokenkeep')}${dim(': tokens that live for seconds, renewed before your eyes')}`,
  );
  screen.line(dim(` Real HTTP servers on 127.0.0.1, one engine, one SQLite file in ${folder}`));
  screen.line();
  screen.columnHeadings();
}
