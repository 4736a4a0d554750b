import { confirm, isCancel } from '@clack/prompts';
import { type Invocation, withEngine } from '../invocation.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { endedQuestion } from '../terminal/ended-question.js';
import { plainText } from '../terminal/plain-text.js';
import { withProgress } from '../terminal/progress.js';
import type { Terminal } from '../terminal/terminal.js';

export interface RevokeOptions {
  readonly yes: boolean;
}

/** Ends the tokens of an account at its server, and forgets them. */
export async function revoke(
  account: string,
  { yes }: RevokeOptions,
  invocation: Invocation,
): Promise<void> {
  const { terminal } = invocation;
  const name = plainText(account);
  if (
    !yes &&
    !(await agreed(`End all tokens of ${name}, for everybody who uses them?`, terminal))
  ) {
    terminal.err('Nothing was done.');
    return;
  }
  await withEngine(invocation, (engine) =>
    withProgress(terminal, `Revoking ${name}`, engine.revoke(account)),
  );
  terminal.show({ account, revoked: true }, () => {
    const next = `Nothing is handed out until: tokenkeep login ${name}`;
    return `${terminal.colours.green('✔')} ${name} is revoked. ${next}`;
  });
}

/** @throws TokenError where nobody can be asked, or Ctrl-C is the answer */
export async function agreed(message: string, terminal: Terminal): Promise<boolean> {
  if (!terminal.canAsk) {
    throw commandLineError('Nobody can be asked whether to do this: add --yes.');
  }
  const answer = await confirm({
    message,
    initialValue: false,
    input: terminal.stdin,
    output: terminal.stderr,
  });
  if (isCancel(answer)) throw endedQuestion('Nothing was done: the question was ended.');
  return answer;
}
