import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import { type ConfigPath, valueAt } from './config-path.js';
import type { ConfigProblem } from './config-problem.js';
import { maskedLine, maskedText, type TextRange } from './masked-line.js';
import { isShownName } from './shown-name.js';
import { windowed } from './windowed-line.js';

const MOST_ALIASES = 100;
/** What is looked at of a long line, as in JSON without line breaks, on each side of the place. */
const LONGEST_SIDE = 400;

/** The text of a config file as data, and where in the text each part of the data is. */
export interface ConfigSource {
  /** Plain data; `undefined` where `problems` is not empty. */
  readonly data: unknown;
  /** What makes the text no data: nothing else can be said about it then. */
  readonly problems: readonly ConfigProblem[];
  /**
   * A problem at `path`: at its value, if that is a text or a number of one line, else at its
   * name; for what is missing, at the nearest part above that is there.
   */
  problem(path: ConfigPath, words: ProblemWords): ConfigProblem;
}

export interface ProblemWords {
  readonly message: string;
  readonly hint: string;
  /** Point at the member's name: it is the name that is wrong. */
  readonly atName?: boolean;
}

/** YAML 1.2 core schema, and JSON, which is a part of it. No tags, no merge keys, one document. */
export function parseConfigText(text: string): ConfigSource {
  const lines = new LineCounter();
  const document = parse(text, lines);
  const keys: TextRange[] = [];
  const values: TextRange[] = [];
  if (document === undefined) {
    const problem = () => describe(0, '', TOO_DEEP);
    return { data: undefined, problems: [problem()], problem };
  }
  const found: FoundAt[] = [];
  const report: Report = (offset, message, hint) => found.push({ offset, message, hint });
  for (const error of firstCauses(document.errors)) {
    report(error.pos[0], ...syntaxWords(error, document, lines));
  }
  if (found.length === 0) inspectNodes(document, { report, keys, values });
  const data = found.length === 0 ? plainData(document, report) : undefined;
  // Described when all of the file has been seen: until then nothing of a line can be shown.
  const problems = found.map(({ offset, ...words }) => describe(offset, '', words));

  return {
    data,
    problems,
    problem: (path, words) =>
      describe(offsetOf(document, path, words.atName ?? false), pathText(path, data), words),
  };

  function describe(offset: number, path: string, { message, hint }: ProblemWords): ConfigProblem {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    const place = Math.max(col - 1, 0);
    const broken = (document?.errors.length ?? 1) > 0;
    // Where a line did not parse, its beginning says what of it may be shown.
    const from = broken ? 0 : Math.max(place - LONGEST_SIDE, 0);
    const start = (lines.lineStarts[line - 1] ?? 0) + from;
    const [row = ''] = text.slice(start, start + place - from + LONGEST_SIDE).split(/\r?\n/, 1);
    const mask = (part: string) =>
      (broken ? maskedText(part) : maskedLine(part, start, keys, values)).replaceAll('\t', TAB);
    const whole = mask(row);
    // What is masked may be shorter than it was.
    const mark = Math.min(mask(row.slice(0, place - from)).length, whole.length);
    const shown = windowed(whole.trimEnd(), mark);
    return { line: Math.max(line, 1), column: place + 1, path, message, hint, ...shown };
  }
}

/** A tab in an excerpt: as wide as the mark below it expects. */
const TAB = '  ';

const TOO_DEEP: ProblemWords = { message: 'The data is nested too deep.', hint: 'Remove levels.' };

/** In brackets, or of lists that begin on one line. */
const MOST_LEVELS = 100;

type Parsed = Document.Parsed;

/**
 * The parser calls itself for each level. Where the stack ends while V8 compiles a regular expression, no
 * error can be caught: the process is gone. Words are counted without a stack.
 */
function isTooDeep(text: string): boolean {
  let brackets = 0;
  let lists = 0;
  for (const word of new Lexer().lex(text)) {
    if (word === '[' || word === '{') brackets += 1;
    else if (word === ']' || word === '}') brackets -= 1;
    else if (word === '-' || word === '?') lists += 1;
    else if (word.endsWith('\n')) lists = 0;
    if (brackets > MOST_LEVELS || lists > MOST_LEVELS) return true;
  }
  return false;
}

function parse(text: string, lineCounter: LineCounter): Parsed | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    return parseDocument(text, {
      lineCounter,
      schema: 'core',
      customTags: [],
      resolveKnownTags: false,
      merge: false,
      strict: true,
      stringKeys: true,
      uniqueKeys: true,
      prettyErrors: false,
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface FoundAt extends ProblemWords {
  readonly offset: number;
}

type Report = (offset: number, message: string, hint: string) => unknown;

interface Inspection {
  readonly report: Report;
  readonly keys: TextRange[];
  readonly values: TextRange[];
}

/** What parses, and is refused all the same: it has no place in a config, or sets a trap. */
function inspectNodes(document: Parsed, { report, keys, values }: Inspection): void {
  visit(document, {
    Alias(_key, alias) {
      const at = alias.range?.[0] ?? 0;
      const source = alias.resolve(document);
      if (source === undefined) {
        report(at, 'This alias has no anchor.', 'Set the anchor above it, or write it out.');
      } else if ((source.range?.[0] ?? 0) <= at && at < (source.range?.[2] ?? 0)) {
        report(at, 'This alias stands within its own anchor.', 'Write the value out.');
      }
    },
    Node(key, node) {
      const range = rangeOf(node);
      if (range !== undefined && isScalar(node) && key !== 'key') values.push(range);
      if (isAlias(node) || node.tag === undefined) return;
      report(range?.start ?? 0, 'Tags are not allowed.', 'Remove the word that begins with "!".');
    },
    Pair(_key, pair, above) {
      const path = [...namesOf(above), nameOf(pair) ?? ''];
      const range = isNode(pair.key) ? rangeOf(pair.key) : undefined;
      const shown = isShownName(path, hasValue(pair));
      if (range !== undefined) (shown ? keys : values).push(range);
      if (nameOf(pair) !== '__proto__') return;
      report(startOf(pair.key), 'No member may be named __proto__.', 'Rename or remove it.');
    },
  });
}

function plainData(document: Parsed, report: Report): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch {
    report(0, `More than ${MOST_ALIASES} aliases are used.`, 'Write the values out.');
    return undefined;
  }
}

/** A bracket that is missing is missed once more by everything around it; a tab spoils what follows. */
function firstCauses(all: readonly YAMLParseError[]): readonly YAMLParseError[] {
  const tab = all.findIndex(({ code }) => code === 'TAB_AS_INDENT');
  const errors = tab === -1 ? all : all.slice(0, tab + 1);
  const ofBrackets = ({ code }: YAMLParseError) => code === 'MISSING_CHAR' || code === 'BAD_INDENT';
  const first = errors.find(ofBrackets);
  return errors.filter((error) => error === first || !ofBrackets(error));
}

type Words = readonly [message: string, hint: string];

/** The parser's own sentences may quote the text: of them only a bracket is used. */
function syntaxWords(error: YAMLParseError, document: Parsed, lines: LineCounter): Words {
  const [, bracket] = / end with a ([\]}])$/.exec(error.message) ?? [];
  if (bracket !== undefined)
    return [`A ${bracket} is missing before this.`, 'Close what was opened.'];
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return [duplicateName(error.pos[0], document, lines), 'Remove one of the two.'];
    case 'MISSING_CHAR':
      return ['A quote, bracket, comma or ":" is missing.', 'Close what was opened.'];
    case 'TAB_AS_INDENT':
      return ['A tab stands where the line is indented.', 'Indent with spaces.'];
    case 'BAD_INDENT':
      return ['The line is not indented like its neighbours.', 'Line it up with them.'];
    case 'MULTIPLE_DOCS':
      return ['There is more than one document in the file.', 'Remove the "---" and what follows.'];
    case 'NON_STRING_KEY':
      return ['A name is not a text.', 'Put it into quotes.'];
    case 'BLOCK_AS_IMPLICIT_KEY':
      return ['A value has a ": " in it.', 'Put the value into quotes.'];
    case 'BAD_SCALAR_START':
      return ['A value begins with @ or `.', 'Put the value into quotes.'];
    case 'MULTILINE_IMPLICIT_KEY':
      return ['A member has no ": " after its name.', 'Write "name: value".'];
    case 'BAD_DQ_ESCAPE':
      return ['There is no such \\ in double quotes.', 'Use single quotes, or \\\\ for \\.'];
    default:
      return ['This is not YAML.', 'Compare the line with its neighbours.'];
  }
}

/** The name that stands at `offset`, and where it stood before. */
function duplicateName(offset: number, document: Parsed, lines: LineCounter): string {
  let words = 'This name is given twice.';
  visit(document, {
    Map(_key, map, above) {
      const second = map.items.find((pair) => startOf(pair.key) === offset);
      const name = second && nameOf(second);
      if (second === undefined || name === undefined) return undefined;
      const first = map.items.find((pair) => nameOf(pair) === name);
      const before = lines.linePos(startOf(first?.key)).line;
      const shown = isShownName([...namesOf(above), name], hasValue(second));
      words = `${shown ? `"${name}"` : 'This name'} is given twice: first in line ${before}.`;
      return visit.BREAK;
    },
  });
  return words;
}

function offsetOf(document: Parsed, path: ConfigPath, atName: boolean): number {
  let node: unknown = document.contents;
  let name: number | undefined;
  let missing = false;
  for (const part of path) {
    const pair = member(document, node, part);
    if (pair === undefined) {
      missing = true;
      break;
    }
    name = pair.name;
    node = pair.value;
  }
  const value = isNode(node) ? node.range?.[0] : undefined;
  const empty = isScalar(node) && node.source === '';
  if (atName || empty || missing || isCollection(node)) return name ?? value ?? 0;
  return value ?? name ?? 0;
}

/** Where a member's name starts, and its value. */
function member(document: Parsed, node: unknown, part: string | number) {
  const target = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(target)) {
    const value = target.items[Number(part)];
    return isNode(value) ? { name: startOf(value), value } : undefined;
  }
  if (!isMap(target)) return undefined;
  const pair = target.items.find((candidate) => nameOf(candidate) === String(part));
  return pair && { name: startOf(pair.key), value: pair.value };
}

function nameOf(pair: Pair<unknown, unknown>): string | undefined {
  return isPair(pair) && isScalar(pair.key) ? String(pair.key.value) : undefined;
}

/** Names of the members that a node stands in. */
function namesOf(above: readonly unknown[]): string[] {
  return above.flatMap((node) => (isPair(node) ? [nameOf(node) ?? ''] : []));
}

function hasValue({ value }: Pair<unknown, unknown>): boolean {
  return value !== null && !(isScalar(value) && value.source === '');
}

/** `accounts.crm.credentials.password`. A name that may be a value is shown as `?`. */
function pathText(path: ConfigPath, data: unknown): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const here = path.slice(0, index + 1);
      // What is not there is missing: its name is ours.
      const value = valueAt(data, here);
      return value === undefined || isShownName(here, value !== null) ? `.${part}` : '.?';
    })
    .join('')
    .replace(/^\./, '');
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

function rangeOf(node: Node): TextRange | undefined {
  return node.range ? { start: node.range[0], end: node.range[1] } : undefined;
}
