import type { Terminal } from './terminal.js';

const QUIET_MS = 400;
const FRAME_MS = 120;
const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const eraseLine = '\r\u001b[2K';

/**
 * Waits, and after a moment says what for: a spinner on stderr, if that is a terminal, gone when
 * the waiting is over.
 *
 * Not the spinner of @clack/prompts: that one takes the keyboard and ends the process on Ctrl-C,
 * while a reply with a new refresh token may be on its way.
 */
export async function withProgress<Value>(
  { canAsk, errColours, stderr, now }: Terminal,
  words: string,
  work: Promise<Value>,
): Promise<Value> {
  if (!canAsk) return work;
  const begunAt = now();
  let frame = 0;
  const timer = setInterval(() => {
    const elapsedMs = now() - begunAt;
    if (elapsedMs < QUIET_MS) return;
    const seconds = Math.floor(elapsedMs / 1_000);
    frame += 1;
    const sign = errColours.cyan(frames[frame % frames.length] ?? '');
    const time = seconds < 2 ? '' : errColours.dim(` ${seconds} s`);
    stderr.write(`${eraseLine}${sign} ${words}${time}`);
  }, FRAME_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (frame > 0) stderr.write(eraseLine);
  }
}
