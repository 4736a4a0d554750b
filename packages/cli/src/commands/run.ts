import { eventNames } from '@tokenkeep/core';
import { eventFacts, eventText, isQuiet } from '../events/event-line.js';
import { type Invocation, withEngine } from '../invocation.js';
import { showNote } from '../terminal/note.js';
import { untilAborted } from '../terminal/until-aborted.js';

/** Keeps all accounts alive in the foreground until a signal comes; a line for each event. */
export async function run(invocation: Invocation): Promise<void> {
  const { terminal, interruption } = invocation;
  await withEngine(invocation, async (engine) => {
    const names = new Map(engine.accounts.list().map(({ id, name }) => [id, name]));
    for (const event of eventNames) {
      engine.on(event, (facts) => {
        const happened = { event, ...facts };
        if (isQuiet(happened) && !terminal.json && !terminal.verbose) return;
        terminal.show(eventFacts(happened), () => eventText(happened, names, terminal));
      });
    }
    engine.start();
    const count = names.size === 1 ? '1 account' : `${names.size} accounts`;
    showNote(`Keeping ${count} alive. Ctrl-C stops.`, terminal);
    await untilAborted(interruption.signal);
  });
}
