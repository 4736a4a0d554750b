/**
 * The instants of a renewal at which a process may die with different consequences. Tests pass a
 * probe that kills the process there; production passes one that does nothing.
 *
 * CP0 decided to renew · CP1 claim being written · CP2 claim durable, connection stands · CP3
 * intent durable, no byte sent · CP4 request partly written · CP5 reply begun · CP6 reply parsed,
 * in memory · CP7 escrow durable · CP8 commit being written · CP9 committed, nobody told · CP10
 * told, events emitted
 */
export const crashPoints = [
  'CP0',
  'CP1',
  'CP2',
  'CP3',
  'CP4',
  'CP5',
  'CP6',
  'CP7',
  'CP8',
  'CP9',
  'CP10',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

export type CrashProbe = (point: CrashPoint) => void;
