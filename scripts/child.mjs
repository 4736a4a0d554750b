// Runs a command in the foreground: output is shown, signals reach it, its end becomes ours.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const forwarded = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

// One Ctrl-C arrives twice when npm passes on what the terminal already sent.
const echoMs = 200;

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ output?: 'shown' | 'kept' }} [options] kept output is returned instead of shown
 * @returns {Promise<{ code: number, signal: NodeJS.Signals | null, output: string }>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const kept = options.output === 'kept';
    // A process group of its own: the terminal's Ctrl-C comes through us, once.
    const child = spawn(command, args, {
      cwd: root,
      detached: process.platform !== 'win32',
      stdio: kept ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });

    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output += text;
      });
    }

    let lastSignalAt = Number.NEGATIVE_INFINITY;
    const forward = (/** @type {NodeJS.Signals} */ signal) => {
      const echo = performance.now() - lastSignalAt < echoMs;
      lastSignalAt = performance.now();
      if (echo || child.pid === undefined) return;
      try {
        process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
      } catch {
        // It has just ended.
      }
    };
    for (const signal of forwarded) process.on(signal, forward);
    const stopForwarding = () => {
      for (const signal of forwarded) process.off(signal, forward);
    };

    child.once('error', (error) => {
      stopForwarding();
      reject(error);
    });
    child.once('close', (code, signal) => {
      stopForwarding();
      resolve({ code: code ?? 1, signal, output });
    });
  });
}

/**
 * Ends this process the way the child ended: same exit code, or same signal.
 * @param {{ code: number, signal: NodeJS.Signals | null }} end
 */
export function endLike(end) {
  if (end.signal !== null) process.kill(process.pid, end.signal);
  else process.exitCode = end.code;
}
