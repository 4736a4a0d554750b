import { afterEach } from '@jest/globals';
import { invariants, Simulation, type SimulationOptions } from '@tokenkeep/testing/simulation';

const playing: Simulation[] = [];

/**
 * A simulation in which every promise of the engine is watched. A test that breaks one fails,
 * whatever else it checks; so does one that leaves a caller without an answer.
 */
export function watchedSimulation(options: SimulationOptions = {}): Simulation {
  const simulation = new Simulation(options);
  for (const invariant of invariants) simulation.watch(invariant(simulation));
  playing.push(simulation);
  return simulation;
}

afterEach(() => {
  for (const simulation of playing.splice(0)) {
    simulation.tell('ended');
    if (simulation.violations.length > 0) throw new Error(report(simulation));
  }
});

function report(simulation: Simulation): string {
  const broken = simulation.violations.map(({ at, invariant, message }) =>
    [Math.round(at), invariant, message].join(' '),
  );
  const before = simulation
    .recent(40)
    .map(({ at, actor, what, account, generation }) =>
      [Math.round(at), actor, what, account, generation].join(' '),
    );
  return `Promises were broken:\n${broken.join('\n')}\n\nThe last events:\n${before.join('\n')}`;
}
