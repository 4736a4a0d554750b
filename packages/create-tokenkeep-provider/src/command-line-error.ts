/** The command line is wrong. `message` says what to type instead. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}
