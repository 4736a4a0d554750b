import { shellWord } from './shell-word.js';

const commands: readonly (readonly [call: RegExp, command: string])[] = [
  [/\bengine\.accounts\.(\w+)\(\)/g, 'tokenkeep accounts $1'],
  [/\bengine\.(\w+)\(\)/g, 'tokenkeep $1'],
  [/\{ force: true \}/g, '--force'],
];

/** The engine's messages name calls of the library: here the commands that make them. */
export function withCommands(message: string): string {
  const called = message.replace(
    /\bCall engine\.(\w+)\("([^"]*)"\)/g,
    (_, command: string, account: string) => `Run tokenkeep ${command} ${shellWord(account)}`,
  );
  return commands.reduce((text, [call, command]) => text.replace(call, command), called);
}
