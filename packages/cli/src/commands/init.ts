import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { configNames } from '../config/find-config.js';
import { checkReplaceable } from '../config/protected-file.js';
import { examineConfig } from '../config/read-config.js';
import { writePrivateFile } from '../config/write-private-file.js';
import { type Answers, answersOf, type InitOptions, typedSecrets } from '../init/questions.js';
import {
  type StarterChoices,
  type StarterCredential,
  sandboxText,
  secretFiles,
  starterCredentials,
  starterText,
} from '../init/starter-config.js';
import type { Invocation } from '../invocation.js';
import { commandLineError } from '../terminal/command-line-error.js';
import { endedQuestion } from '../terminal/ended-question.js';
import { showNote } from '../terminal/note.js';
import { plainText } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';

/**
 * Writes a config that works, mode 0600. Secrets are not in it: it says where they come from.
 *
 * @throws TokenError `CONFIGURATION_INVALID`: a config is there, or the answers make none;
 *   `ABORTED`: the questions were ended
 */
export async function init(options: InitOptions, invocation: Invocation): Promise<void> {
  const { terminal, env } = invocation;
  const path = targetOf(invocation);
  refuseBadPlace(path, options.force);
  const check = (choices: StarterChoices) => {
    const [mistake] = examined(path, starterText(choices, ''), env).mistakes;
    return mistake && `${mistake.message} ${mistake.hint}`;
  };
  const answers = await answersOf(options, check, terminal);
  if (answers === undefined) throw endedQuestion('Nothing was written.');
  const written =
    answers === 'sandbox'
      ? sandboxText(options.store, editorLine(path))
      : starterText(answers, editorLine(path));
  const { mistakes, config } = examined(path, written, env);
  if (config === undefined || mistakes.length > 0) {
    const [{ message, hint } = { message: '', hint: '' }] = mistakes;
    throw commandLineError(`These answers make no configuration. ${message} ${hint}`);
  }
  const credentials = answers === 'sandbox' ? [] : starterCredentials(answers);
  const files = secretFiles(credentials);
  // One that is there is kept, unless all is to be replaced.
  const wanted = files.filter(({ file }) => options.force || !existsSync(beside(path, file)));
  for (const { file } of files.filter((each) => !wanted.includes(each))) {
    showNote(`${file} is there already, and is used.`, terminal);
  }
  const typed = await typedSecrets(wanted, options, terminal);
  if (typed === undefined) throw endedQuestion('Nothing was written.');
  for (const [file, secret] of typed) {
    writePrivateFile(beside(path, file), `${secret}\n`, options.force);
  }
  writePrivateFile(path, written, options.force);
  const missingFiles = files.filter(({ file }) => !existsSync(beside(path, file)));
  // Below the answers.
  if (terminal.canAsk && !options.yes && !options.sandbox) terminal.err('');
  const facts = {
    config: path,
    store: config.store.shown,
    keyFile: config.store.keyFile,
    variables: credentials.flatMap(({ variable }) => variable ?? []),
    files: missingFiles.map(({ file }) => file),
    next: nextCommands(answers).map(
      (command) => `${programName(env)} ${command}${configOption(invocation)}`,
    ),
  };
  terminal.show(facts, () => initText(facts, credentials, terminal));
}

function examined(path: string, text: string, env: NodeJS.ProcessEnv) {
  return examineConfig({ path, text, openToReaders: false, env });
}

function beside(path: string, file: string): string {
  return resolve(dirname(path), file);
}

function refuseBadPlace(path: string, force: boolean): void {
  const folder = dirname(path);
  if (!existsSync(folder)) {
    throw commandLineError(`There is no folder ${folder}. Make it: mkdir -p ${shellWord(folder)}`);
  }
  checkReplaceable(folder);
  const siblings = configNames.map((name) => join(folder, name));
  const twin = siblings.find((file) => existsSync(file) && file !== path);
  if (siblings.includes(path) && twin !== undefined) {
    throw commandLineError(`${twin} is there already. Two configs in one folder are refused.`);
  }
  if (!existsSync(path) || force) return;
  throw commandLineError(`${path} is there already. To replace it, add --force.`);
}

function targetOf({ configPath, env }: Invocation): string {
  const asked = configPath ?? env.TOKENKEEP_CONFIG ?? '';
  const path = resolve(asked === '' ? configNames[0] : asked);
  if (/\.ya?ml$/.test(path)) return path;
  throw commandLineError('What init writes is YAML: give --config a name that ends in .yaml.');
}

/** Editors that know YAML's language server then help with names and values. */
function editorLine(path: string): string {
  const schema = './node_modules/tokenkeep/tokenkeep.schema.json';
  const found = existsSync(join(dirname(path), schema));
  return found ? `# yaml-language-server: $schema=${schema}\n` : '';
}

function nextCommands(answers: Answers): readonly string[] {
  if (answers === 'sandbox') return ['sandbox', 'token crm', 'status'];
  return ['doctor', `token ${shellWord(answers.account)}`, 'status'];
}

/** Package managers set these for what they run, and leave it out of the `PATH` elsewhere. */
function programName({ npm_execpath: npm, npm_config_user_agent: agent }: NodeJS.ProcessEnv) {
  return npm || agent ? 'npx tokenkeep' : 'tokenkeep';
}

function configOption({ configPath }: Invocation): string {
  return configPath === undefined ? '' : ` --config ${shellWord(configPath)}`;
}

interface InitFacts {
  readonly config: string;
  readonly store: string;
  readonly keyFile: string;
  readonly files: readonly string[];
  readonly next: readonly string[];
}

function initText(
  { config, store, keyFile, files, next }: InitFacts,
  credentials: readonly StarterCredential[],
  { colours: paint }: Terminal,
): string {
  const variables = credentials.flatMap(({ variable, secret }) => {
    if (variable === undefined) return [];
    // Typed without echo: the shell's history does not have it.
    return secret ? `read -rs ${variable} && export ${variable}` : `export ${variable}=...`;
  });
  // In a shell of its own, and by what is built in: no variable is left, no process shows it.
  const missing = files.map(
    (file) => `(umask 077; read -rs SECRET && printf '%s\\n' "$SECRET" > ${shellWord(file)})`,
  );
  const first = [...variables, ...missing];
  const another = paint.dim('   # in another terminal');
  return [
    `${paint.green('✔')} ${paint.bold(plainText(config, 400))} is written, mode 0600.`,
    `  tokens  ${plainText(store, 400)}`,
    `  key     ${plainText(keyFile, 400)}`,
    paint.dim('  Both are made on first use.'),
    ...(first.length === 0 ? [] : ['', 'First say what the account logs in with:', '']),
    ...first.map((line) => `  ${line}`),
    '',
    'Then:',
    '',
    ...next.map((line) => `  ${paint.bold(line)}${line.includes(' sandbox') ? another : ''}`),
  ].join('\n');
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
