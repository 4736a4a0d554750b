import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Invocation } from '../src/invocation.js';
import { recordedCommand } from './recorded-command.js';

export interface AskedCommand {
  readonly invocation: Invocation;
  /** Types an answer and Enter as soon as this is shown, after the last answer. */
  answers(question: string, answer: string): Promise<void>;
  /** The same with Ctrl-C. */
  interrupts(question: string): Promise<void>;
  /** Everything that was shown, without escape sequences. */
  shown(): string;
}

/** An invocation with somebody at the keyboard. */
export function askedCommand(configPath: string | undefined): AskedCommand {
  const { invocation, out } = recordedCommand(configPath);
  const stdin = new PassThrough();
  let screen = '';
  let answered = 0;
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      screen += stripVTControlCharacters(String(chunk));
      done();
      stderr.emit('shown');
    },
  });
  const type = async (question: string, keys: string) => {
    while (!screen.slice(answered).includes(question)) await once(stderr, 'shown');
    answered = screen.length;
    stdin.write(keys);
  };
  return {
    invocation: {
      ...invocation,
      terminal: { ...invocation.terminal, canAsk: true, stdin, stderr },
    },
    answers: (question, answer) => type(question, `${answer}\r`),
    interrupts: (question) => type(question, '\u0003'),
    shown: () => screen + out(),
  };
}
