import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers';
import type { Stage } from './stage.js';
import { StoryFailure } from './story-failure.js';
import type { Wait } from './waits.js';
import { shownTime } from './wall-time.js';

/** Real ms in which something real that the story awaits, such as a module, has to come. */
const realPatienceMs = 3_000;
/** The same where it has asked a process that is dead: most likely that is what it awaits. */
const shortPatienceMs = 100;
/** Simulated ms after which a call that nobody has answered counts as stuck. */
const callLimitMs = 3_600_000;

/**
 * Lets time pass while the story waits for something that time can bring, until it has ended.
 *
 * @param limitMs true ms since the beginning, by which it must have ended
 * @param isOver looked at after each event; it stops time
 * @returns `undefined` if it is over before the story has ended
 * @throws what the story throws; StoryFailure when it is stuck
 */
export async function playOut<Result>(
  stage: Stage,
  story: Promise<Result>,
  limitMs: number,
  isOver: () => boolean,
): Promise<Result | undefined> {
  const { waits, simulation } = stage;
  const { kernel } = simulation;
  const state = { ended: false };
  const note = () => {
    state.ended = true;
  };
  story.then(note, note);
  const stuck = () => waits.unanswered(kernel.now - callLimitMs);
  const pauses = () =>
    state.ended || isOver() || !waits.canEnd || stage.meetsCondition() || stuck() !== undefined;

  let standingSince: number | undefined;
  for (;;) {
    await eventLoopTurn();
    if (isOver()) return undefined;
    if (state.ended) return story;
    if (waits.canEnd) {
      standingSince = undefined;
      const call = stuck();
      if (call !== undefined) throw unanswered(stage, call);
      if (kernel.now >= limitMs) throw tooLong(stage);
      await kernel.playUntil(limitMs, pauses);
      continue;
    }
    // Whatever it awaits is not of this world. Time stands still for it, so that it changes nothing.
    standingSince ??= performance.now();
    const standingMs = performance.now() - standingSince;
    const patienceMs = waits.all.length > 0 ? shortPatienceMs : realPatienceMs;
    if (standingMs > patienceMs) throw standingStill(stage);
    if (standingMs > 5) await realMillisecond();
  }
}

function unanswered(stage: Stage, { what, since, process }: Wait): StoryFailure {
  const held = process?.isHeld ? ' Its process is paused.' : '';
  return new StoryFailure(
    `Nobody has answered "${what}" for an hour, since ${at(stage, since)}.${held} ` +
      'A story may wait for long with pass(), until() and sleep() only.',
  );
}

function tooLong(stage: Stage): StoryFailure {
  const open = stage.waits.all.map(({ what, since }) => `"${what}" since ${at(stage, since)}`);
  return new StoryFailure(
    `The story has not ended within its limit. It waits for ${open.join(', ')}. ` +
      'If it is meant to be so long, give simulate() a longer `limit`.',
  );
}

function standingStill(stage: Stage): StoryFailure {
  const lost = stage.waits.all.map(({ what }) => `"${what}", and that process is dead`);
  const waitsFor =
    lost.length > 0
      ? `What it waits for is ${lost.join('; ')}. Do not await what a crash cuts off: ` +
        'use world.until(() => !service.isRunning).'
      : 'It awaits something that is not of its world: a timer, a socket, a file, or an event. Use ' +
        'world.pass(), service.sleep(), service.fetch(), or world.until(() => ...).';
  return new StoryFailure(`The story is stuck: nothing can happen any more. ${waitsFor}`);
}

function at({ simulation }: Stage, ms: number): string {
  return shownTime(simulation.time.now() - simulation.now + ms);
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function realMillisecond(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}
