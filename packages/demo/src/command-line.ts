import { parseArgs } from 'node:util';

/** What `--break` can break, and which promise that is. */
export const breakages = {
  replay: 'a careless peer re-sends a refresh token that the engine has already used',
  loop: 'a naive client without a guard meets a server whose tokens arrive expired',
  'serve-expired': 'a caller keeps a token past its end and calls the API with it',
} as const;

export type Breakage = keyof typeof breakages;

export type Command =
  | { readonly kind: 'play'; readonly keep: boolean; readonly breakage: Breakage | undefined }
  | { readonly kind: 'help' }
  | { readonly kind: 'misunderstood'; readonly complaint: string };

const names = Object.keys(breakages) as Breakage[];

export const help = `Tokenkeep, live: four accounts of three providers, servers whose tokens live for seconds.

  npm run demo                      about half a minute, then a summary; exit code 0
  npm run demo -- --keep            goes on until Ctrl-C, then the summary
  npm run demo -- --break <what>    breaks a promise on purpose; the summary must notice: exit code 1
${names.map((name) => `      ${name.padEnd(14)} ${breakages[name]}`).join('\n')}
  npm run demo -- --help            this text

Nothing leaves this machine. Colours go away with NO_COLOR=1, or where the output is no terminal.
`;

export function readCommand(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        break: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const breakage = names.find((name) => name === values.break);
    if (values.break !== undefined && breakage === undefined) {
      const complaint = `--break takes ${names.join(', ')}; not "${values.break}".`;
      return { kind: 'misunderstood', complaint };
    }
    return { kind: 'play', keep: values.keep, breakage };
  } catch (error) {
    return { kind: 'misunderstood', complaint: (error as Error).message };
  }
}
