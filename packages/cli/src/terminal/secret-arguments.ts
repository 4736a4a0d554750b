/** Options of ours that sound like a secret and are none. */
const harmless = new Set(['credentials-stdin', 'credentials-file', 'no-credentials']);

const secretWords =
  /(^|-)(pass|password|passwd|passphrase|pwd|secret|token|jwt|bearer|credentials?|apikey|api-key|private-key|authorization)(-|$)/i;

/**
 * Refuses `--password x`, `--client-secret=x` and their like before anything is read from them:
 * every user of the machine can see the arguments of a process, and the shell writes them down.
 *
 * @returns a promise that is rejected with a TokenError which names the option, never its value
 */
export async function refuseSecretArguments(args: readonly string[]): Promise<void> {
  for (const argument of args) {
    // What follows belongs to the command that exec runs.
    if (argument === '--') return;
    const [, name = ''] = /^--?([^=]+)/.exec(argument) ?? [];
    const words = name.replaceAll(/([a-z])([A-Z])/g, '$1-$2').replaceAll('_', '-');
    if (!secretWords.test(words) || harmless.has(words)) continue;
    const { commandLineError } = await import('./command-line-error.js');
    throw commandLineError(
      `There is no option --${words}, and no secret goes on a command line: others on this ` +
        'machine can see it, and the shell remembers it. Give it by --credentials-stdin, ' +
        '--credentials-file (mode 0600), or as $' +
        '{NAME} in the configuration. ' +
        'If it was a real one, change it.',
    );
  }
}
