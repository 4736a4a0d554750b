import picocolors from 'picocolors';
import { help, readCommand } from './command-line.js';
import { playDemo } from './demo.js';
import { Screen } from './screen.js';

const command = readCommand(process.argv.slice(2));
switch (command.kind) {
  case 'help':
    process.stdout.write(help);
    break;
  case 'misunderstood':
    process.stderr.write(`demo: ${command.complaint}\nTry: npm run demo -- --help\n`);
    process.exitCode = 2;
    break;
  case 'play': {
    const ended = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ended.abort());
    // The reader has left (`| head`): nobody is there to tell the story to.
    process.stdout.on('error', () => ended.abort());
    const { NO_COLOR, TERM } = process.env;
    // A boolean, never undefined: left to itself picocolors takes a CI machine's pipe for a terminal.
    const coloured = process.stdout.isTTY === true && !NO_COLOR && TERM !== 'dumb';
    const screen = new Screen(picocolors.createColors(coloured), (text) => {
      process.stdout.write(text);
    });
    const kept = await playDemo(screen, { ...command, signal: ended.signal });
    process.exitCode = kept ? 0 : 1;
  }
}
