import { isCancel, password, text } from '@clack/prompts';
import { Secret, type TokenProvider } from '@tokenkeep/core';
import { z } from 'zod';
import { commandLineError } from '../terminal/command-line-error.js';
import { endedQuestion } from '../terminal/ended-question.js';
import type { Terminal } from '../terminal/terminal.js';

/**
 * Asks for credentials, member by member. What is typed is shown, unless it is a secret.
 *
 * @throws TokenError where nobody can be asked, or nobody answers
 */
export async function askForCredentials(
  { id, credentials }: TokenProvider,
  terminal: Terminal,
): Promise<Readonly<Record<string, unknown>>> {
  const schema: unknown = credentials;
  if (!terminal.canAsk || !(schema instanceof z.ZodObject)) {
    const reason = terminal.canAsk
      ? `Credentials for "${id}" come in several shapes.`
      : 'Nobody can be asked for the credentials.';
    throw commandLineError(
      `${reason} Give them as JSON: --credentials-stdin, or --credentials-file (mode 0600). ` +
        'An account that lives on imported tokens has none: --no-credentials.',
    );
  }
  const given: Record<string, string> = {};
  for (const [name, member] of Object.entries(schema.shape)) {
    const optional = z.safeParse(member as z.ZodType, undefined).success;
    const ask = isSecret(member as z.ZodType) ? password : text;
    const answer = await ask({
      message: optional ? `${name} (may be empty)` : name,
      validate: (answer) => (optional || answer ? undefined : 'It must not be empty.'),
      input: terminal.stdin,
      output: terminal.stderr,
    });
    if (isCancel(answer)) throw endedQuestion('Nothing was done.');
    if (answer) given[name] = answer;
  }
  return given;
}

/** Providers take a `Secret` where one belongs, and nowhere else. */
function isSecret(member: z.ZodType): boolean {
  return z.safeParse(member, new Secret('x')).success || !z.safeParse(member, 'x').success;
}
