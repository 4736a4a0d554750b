/** What a process ends with. Scripts rely on them: they do not change. */
export const exitCodes = {
  ok: 0,
  /** A mistake in this program. */
  unexpected: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  accountUnknown: 3,
  /** The account's owner has to do something first. */
  personMustAct: 4,
  /** The same command may succeed later, without anybody changing anything. */
  notNow: 5,
  /** The store, or the key that opens it. */
  store: 6,
  /** After the second SIGINT, or the first where a command was not done. */
  interrupted: 130,
  /** The same for SIGTERM. */
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
