import { readFileSync } from 'node:fs';
import { Command, Help, InvalidArgumentError, Option } from 'commander';
import type { GivenBy } from './accounts/given-json.js';
import { DURATION_FORMS, durationMs } from './config/duration-text.js';
import { starterKinds } from './config/kind-names.js';
import type { Invocation } from './invocation.js';
import { SANDBOX_LIFE_MS, SANDBOX_PORT } from './sandbox/sandbox-defaults.js';

/** What the process ends with, where that is not 0. */
export type Exit = (code: number) => void;

/**
 * Every command and option there is; `docs/reference/cli.md` is checked against it.
 *
 * A command is read when it is run: help needs none of them, and few need the prompts.
 */
export function tokenkeepProgram(place: Omit<Invocation, 'configPath'>, exit: Exit): Command {
  const program = new Command('tokenkeep')
    .description('Keeps access tokens alive.')
    .version(versionOfPackage(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    // Errors are told by the program's main part, in the form that was asked for.
    .configureOutput({
      outputError: () => {},
      // Help for want of a command, where stderr is JSON.
      ...(place.terminal.json ? { writeErr: () => {} } : {}),
    })
    .configureHelp({ showGlobalOptions: true, optionDescription: descriptionOf })
    .option('-c, --config <file>', 'the configuration, instead of the one that is found')
    .option('--json', 'print results as JSON, and errors as JSON to stderr', false)
    .option('--verbose', 'say more about what went wrong, never a secret', false)
    .option('--no-color', 'print no colours; NO_COLOR and FORCE_COLOR are heeded, too');
  const now = (): Invocation => ({ ...place, configPath: program.opts().config });

  withExamples(
    program
      .command('init')
      .description('write a configuration that works: asks, or takes these options')
      .option('--provider <kind>', `the kind of the provider: ${starterKinds.join(', ')}`)
      .option('--account <name>', "the account's name, as in: tokenkeep token crm")
      .option('--base-url <url>', 'where the provider is')
      .option('--store <file>', 'the SQLite file, relative to the configuration')
      .option('--secrets <place>', 'where secrets come from: env or file (default: env)')
      .option('--sandbox', 'for the servers of: tokenkeep sandbox', false)
      .option('--force', 'replace a configuration that is there', false)
      .option('-y, --yes', 'do not ask: take the defaults', false)
      .action(async (options) => (await import('./commands/init.js')).init(options, now())),
    'tokenkeep init',
    'tokenkeep init --sandbox',
    'tokenkeep init --provider chatapp --account crm --yes',
  );
  withExamples(
    program
      .command('token <account>')
      .description('print a token that lives, and nothing else')
      .option('--header', 'print the header that carries it: "Name: value"', false)
      .addOption(minValidity())
      .action(async (account: string, { header, minValidity: minValidityMs }) => {
        const { token } = await import('./commands/token.js');
        await token(account, { header, minValidityMs }, now());
      }),
    'tokenkeep token crm',
    'curl -H "$(tokenkeep token crm --header)" https://api.example.com/',
    'tokenkeep token crm --json | jq -r .expiresAt',
  );
  withExamples(
    program
      .command('exec <account> [command...]')
      .usage('[options] <account> -- <command...>')
      .description('run a command with a token in its environment, and end as it ends')
      .option('--env <name>', 'the variable for the token', 'TOKENKEEP_TOKEN')
      .option('--header-env <name>', 'a variable for the header line as well')
      .addOption(minValidity())
      .action(async (account: string, command: string[], options) => {
        const { env, headerEnv, minValidity: minValidityMs } = options;
        const { exec } = await import('./commands/exec.js');
        exit(await exec(account, command, { env, headerEnv, minValidityMs }, now()));
      }),
    'tokenkeep exec crm -- node report.js',
    'tokenkeep exec crm --header-env AUTH -- sh -c \'curl -H "$AUTH" https://api.example.com/\'',
  );
  withExamples(
    program
      .command('status [account]')
      .description('show what lives how long, what happens next, and why')
      .option('--watch', 'show it again every two seconds', false)
      .action(async (account: string | undefined, options) => {
        const { status } = await import('./commands/status.js');
        exit(await status(account, options, now()));
      }),
    'tokenkeep status',
    'tokenkeep status crm',
    "tokenkeep status --json | jq '.accounts[].state'",
  );
  withExamples(
    program
      .command('login <account>')
      .description('log in now: with its credentials, or as a person in a browser')
      .option('--device', 'as a person, by a code that is typed in on any device', false)
      .option('--no-open', 'print the URL for the browser, and do not open it')
      .action(async (account: string, options) =>
        (await import('./commands/login.js')).login(account, options, now()),
      ),
    'tokenkeep login crm',
    'tokenkeep login crm --device',
  );
  withExamples(
    program
      .command('renew <account>')
      .description('get the next token now, as far as the provider allows')
      .action(async (account: string) =>
        (await import('./commands/renew.js')).renew(account, now()),
      ),
    'tokenkeep renew crm',
  );
  withExamples(
    program
      .command('revoke <account>')
      .description('end its tokens at the server, and forget them')
      .option('-y, --yes', 'do not ask', false)
      .action(async (account: string, options) =>
        (await import('./commands/revoke.js')).revoke(account, options, now()),
      ),
    'tokenkeep revoke crm --yes',
  );
  withExamples(
    program
      .command('run')
      .description('keep all accounts alive in the foreground, a line for each event')
      .action(async () => (await import('./commands/run.js')).run(now())),
    'tokenkeep run',
    'tokenkeep run --json >> tokenkeep.log',
  );
  addAccountsCommands(program, now);
  addKeysCommands(program, now);
  withExamples(
    program
      .command('doctor')
      .description('check the configuration, the store, the key and the accounts')
      .option('--online', 'also ask whether the servers of the providers are there', false)
      .action(async (options) => {
        const { doctor } = await import('./commands/doctor.js');
        exit(await doctor(options, now()));
      }),
    'tokenkeep doctor',
    'tokenkeep doctor --online',
  );
  withExamples(
    program
      .command('sandbox')
      .description('run authorization servers on this machine, to try everything with')
      .option('--port <number>', 'the first of three ports', portOf, SANDBOX_PORT)
      .addOption(
        new Option('--life <duration>', 'how long access tokens live')
          .argParser(durationOf)
          .default(SANDBOX_LIFE_MS, '2m'),
      )
      .action(async ({ port, life }) => {
        const { sandbox } = await import('./commands/sandbox.js');
        await sandbox({ port, lifeMs: life }, now());
      }),
    'tokenkeep sandbox',
    'tokenkeep sandbox --life 30s',
  );
  return program;
}

const accountsCommands = () => import('./commands/accounts.js');
const keysCommands = () => import('./commands/keys.js');

function addAccountsCommands(program: Command, now: () => Invocation): void {
  const accounts = program.command('accounts').description('list, add, import and remove accounts');
  withExamples(
    accounts
      .command('list')
      .description('the accounts there are, and where each was configured')
      .action(async () => (await accountsCommands()).listAccounts(now())),
    'tokenkeep accounts list',
  );
  withExamples(
    accounts
      .command('add <name>')
      .description('put an account into the store, for every process that uses it')
      .requiredOption('--provider <id>', 'a provider of the configuration')
      .option('--account <name>', 'its name at the provider, where that is another one')
      .option('--tenant <tenant>', 'a tenant of the provider')
      .option('--resource <uri>', 'a resource indicator, RFC 8707')
      .option('--scope <scope>', 'scope, separated by spaces')
      .option('--keep-alive', 'refresh it even when nobody uses it', false)
      .option('--replace', 'the account is there already: replace what it has', false)
      .option('--credentials-stdin', 'read credentials as JSON from stdin', false)
      .option('--credentials-file <file>', 'read them as JSON from a file of mode 0600')
      .option('--no-credentials', 'it has none: its tokens are imported')
      .action(async (name: string, options) => {
        const { addAccount } = await accountsCommands();
        const { credentials, credentialsStdin, credentialsFile, ...rest } = options;
        const place: GivenBy = { stdin: credentialsStdin, file: credentialsFile };
        const command = { ...rest, withoutCredentials: !credentials, credentials: place };
        await addAccount(name, command, now());
      }),
    'tokenkeep accounts add crm-eu --provider chatapp',
    'pass show crm | tokenkeep accounts add crm-eu --provider chatapp --credentials-stdin',
  );
  withExamples(
    accounts
      .command('import <account>')
      .description('take over tokens that were obtained elsewhere')
      .option('--stdin', 'read a token reply as JSON from stdin', false)
      .option('--file <file>', 'read it from a file of mode 0600')
      .action(async (account: string, { stdin, file }) =>
        (await accountsCommands()).importAccount(account, { stdin, file }, now()),
      ),
    'tokenkeep accounts import crm --file reply.json',
  );
  withExamples(
    accounts
      .command('remove <account>')
      .description('end its tokens at the server, and forget the account')
      .option('-y, --yes', 'do not ask', false)
      .option('--force', 'also where the server cannot be told', false)
      .action(async (account: string, options) =>
        (await accountsCommands()).removeAccount(account, options, now()),
      ),
    'tokenkeep accounts remove crm-eu --yes',
  );
}

function addKeysCommands(program: Command, now: () => Invocation): void {
  const keys = program.command('keys').description('the keys that seal what is in the store');
  withExamples(
    keys
      .command('list')
      .description('the ids of the keys, and what is sealed with each')
      .action(async () => (await keysCommands()).listKeys(now())),
    'tokenkeep keys list',
  );
  withExamples(
    keys
      .command('add')
      .description('make a key, which opens, and does not seal yet')
      .action(async () => (await keysCommands()).addKey(now())),
    'tokenkeep keys add',
  );
  withExamples(
    keys
      .command('promote <id>')
      .description('make a key the one that seals')
      .action(async (id: string) => (await keysCommands()).promoteKey(id, now())),
    'tokenkeep keys promote k7f3a',
  );
  withExamples(
    keys
      .command('retire <id>')
      .description('take out a key that nothing needs any more')
      .action(async (id: string) => (await keysCommands()).retireKey(id, now())),
    'tokenkeep keys retire k7f3a',
  );
}

function minValidity(): Option {
  const words =
    'with at least this much life left, like 5m; not for accounts renewed on demand (chatapp)';
  return new Option('--min-validity <duration>', words).argParser(durationOf);
}

function durationOf(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined) throw new InvalidArgumentError(`Give ${DURATION_FORMS}.`);
  return ms;
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port <= 65_533) return port;
  throw new InvalidArgumentError('Give a number between 1 and 65533.');
}

function withExamples(command: Command, ...examples: readonly string[]): void {
  const lines = examples.map((example) => `  ${example}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** That a flag is off unless it is given goes without saying. */
function descriptionOf(option: Option): string {
  if (option.defaultValue === false || option.negate) return option.description;
  return Help.prototype.optionDescription(option);
}

function versionOfPackage(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
