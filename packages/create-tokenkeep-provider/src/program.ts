import { resolve } from 'node:path';
import { Command } from 'commander';
import { CommandLineError } from './command-line-error.js';
import { providerPackage } from './provider-package.js';
import { choicesOf, type Person } from './questions.js';
import { writePackage } from './write-package.js';

const CANCELLED = 130;

/** `person` is there where somebody can be asked; `say` gets the lines for stdout, `exit` what the process ends with, where that is not 0. */
export function createProgram(
  person: Person | undefined,
  say: (line: string) => void,
  exit: (code: number) => void,
): Command {
  return new Command('create-tokenkeep-provider')
    .description(
      'Writes a provider plug-in for Tokenkeep into tokenkeep-provider-<name>. Asks for what is not given.',
    )
    .argument('[name]', 'a short name of the vendor, like acme')
    .option('--base-url <url>', 'where its API is')
    .option('--refresh-token <kind>', 'which it issues: single-use, reusable or none')
    .option('--revocation', 'it can be told to revoke a token')
    .option('--no-revocation', 'it cannot')
    .option('-y, --yes', 'do not ask: take the defaults', false)
    .helpOption('-h, --help', 'print help')
    .addHelpText(
      'after',
      '\nExample:\n  npm create tokenkeep-provider acme -- --base-url https://api.acme.example --yes',
    )
    .allowExcessArguments()
    .exitOverride()
    .action(async (name: string | undefined, { yes, ...options }, { args }: Command) => {
      refuseEaten(args);
      const choices = await choicesOf({ name, ...options }, yes ? undefined : person);
      if (choices === undefined) {
        say('Nothing was written.');
        return exit(CANCELLED);
      }
      const folder = `tokenkeep-provider-${choices.name}`;
      const files = providerPackage(choices);
      writePackage(resolve(folder), files);
      say(`${folder} is written, ${files.size} files. Then:

  cd ${folder}
  npm install
  npm test        # builds it, and tries the provider contract on it

Put the vendor's names into src/ and test/conformance.test.ts, until the tests pass again.
src/profile.ts holds the facts: read its comments beside the vendor's documentation.`);
    });
}

/** npm takes flags before a `--` for its own, and leaves their values. */
function refuseEaten([name = '<name>', ...more]: readonly string[]): void {
  const eaten = ['base_url', 'refresh_token', 'revocation'].some(
    (flag) => process.env[`npm_config_${flag}`] !== undefined,
  );
  if (more.length === 0 && !eaten) return;
  throw new CommandLineError(
    `There is more than a name. With npm, put "--" before the options: npm create tokenkeep-provider ${name} -- --base-url ...`,
  );
}
