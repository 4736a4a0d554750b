import { TokenError } from '@tokenkeep/core';
import type { ConfigProblem } from '../config/config-problem.js';
import type { ConfigPlace } from '../config/find-config.js';
import type { LoadedConfig } from '../config/loaded-config.js';
import { type ConfigReading, readConfig } from '../config/read-config.js';
import type { StorePlace } from '../config/store-place.js';
import { adviceFor } from '../terminal/advice.js';
import { bad, type Finding, good, plural, skipped, warning } from './finding.js';

export interface ConfigFindings {
  readonly findings: readonly Finding[];
  /** Where nothing is wrong with it. */
  readonly config: LoadedConfig | undefined;
  /** Where the store is, as soon as that can be made out. */
  readonly store: StorePlace | undefined;
}

export async function checkConfig(place: ConfigPlace): Promise<ConfigFindings> {
  let reading: ConfigReading;
  try {
    reading = await readConfig(place);
  } catch (error) {
    if (!TokenError.is(error)) throw error;
    const [text, fix] = sentences(error);
    const after = skipped('references', 'References: once there is a config.');
    return { findings: [bad('config', text, fix), after], config: undefined, store: undefined };
  }
  const { path, mistakes, config } = reading;
  const unresolved = [...reading.unresolved, ...reading.unresolvedCredentials].sort(
    (a, b) => a.line - b.line,
  );
  const findings = [
    ...mistakes.map((problem) => bad('config', ...words(path, problem))),
    ...(mistakes.length === 0 ? [good('config', `The config ${path} is valid.`)] : []),
    ...unresolved.map((problem) => bad('references', ...words(path, problem))),
    ...(unresolved.length === 0 ? [good('references', referenceWords(config))] : []),
    ...(config?.warnings ?? []).map((problem) => warning('secrets', ...words(path, problem))),
  ];
  const right = mistakes.length + unresolved.length === 0;
  return { findings, config: right ? config : undefined, store: config?.store };
}

function words(file: string, problem: ConfigProblem): [text: string, fix: string] {
  const { line, column, path, message, hint } = problem;
  return [`${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`, hint];
}

function referenceWords(config: LoadedConfig | undefined): string {
  const variables = config?.secretVariables.length ?? 0;
  const files = config?.referencedFiles.length ?? 0;
  if (variables + files === 0) return 'The config refers to no variables and no files.';
  return `What the config refers to is there: ${plural(variables, 'variable')}, ${plural(files, 'file')}.`;
}

/** `What is wrong. What to do.` */
export function sentences(error: TokenError): [text: string, fix: string] {
  const { message, code } = error;
  const end = message.search(/[.:] (?=[A-Z])/);
  if (end !== -1) return [message.slice(0, end + 1), message.slice(end + 2)];
  return [message, adviceFor(error) || `It is a ${code}.`];
}
