/** A boot clock that moves when told to, for stores whose time can be given to them. */
export interface HandClock {
  /** Ms since the machine was started. */
  boot(): number;
  advance(ms: number): void;
}

export function handClock(startMs = 7_000): HandClock {
  let now = startMs;
  return {
    boot: () => now,
    advance: (ms) => {
      now += ms;
    },
  };
}
