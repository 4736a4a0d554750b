import type { CommanderError } from 'commander';
import { plainText } from './plain-text.js';

/** An option as somebody would have meant one; anything else may be a secret in the wrong place. */
const plainOption = /^--?[a-z][a-z-]{0,24}$/;

/** What is wrong with the command line, without the values on it. `command`: as it is typed. */
export function usageWords({ code, message }: CommanderError, command: string): string {
  // Its suggestion is on a line of its own.
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  const said = plainText([first, ...more].join(' ')).trim();
  const ending = `See: ${command} --help`;
  if (code === 'commander.unknownOption') {
    const [, option = '', hint = ''] = /^unknown option '(.*?)'([^']*)$/.exec(said) ?? [];
    const [name = ''] = option.split('=');
    const shown = plainOption.test(name)
      ? `There is no option ${name} here.`
      : 'An option is unknown.';
    return [shown, suggestionIn(hint), ending].filter(Boolean).join(' ');
  }
  if (code === 'commander.invalidArgument') {
    // It quotes the argument.
    const [, option = 'An argument', rule = ''] =
      /^(?:option|command-argument value) '([^']*)' .*? is invalid\. ?(.*)$/.exec(said) ?? [];
    return `${option}: this value will not do. ${rule} ${ending}`;
  }
  if (code === 'commander.help') return `Say which command. ${ending}`;
  const words = plainText(first).trim().replace(/\.$/, '');
  const sentence = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
  return [sentence, suggestionIn(more.join(' ')), ending].filter(Boolean).join(' ');
}

function suggestionIn(hint: string): string {
  const [found = ''] = /Did you mean [^?]*\?/.exec(hint) ?? [];
  return found;
}
