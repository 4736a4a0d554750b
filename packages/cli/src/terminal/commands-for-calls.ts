const commands: readonly (readonly [call: RegExp, command: string])[] = [
  [/\bCall engine\.(\w+)\("([^"]*)"\)/g, 'Run tokenkeep $1 $2'],
  [/\bengine\.accounts\.(\w+)\(\)/g, 'tokenkeep accounts $1'],
  [/\bengine\.(\w+)\(\)/g, 'tokenkeep $1'],
  [/\{ force: true \}/g, '--force'],
];

/** The engine's messages name calls of the library: here the commands that make them. */
export function withCommands(message: string): string {
  return commands.reduce((text, [call, command]) => text.replace(call, command), message);
}
