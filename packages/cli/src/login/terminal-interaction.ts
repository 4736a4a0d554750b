import { type LoginInteraction, TokenError } from '@tokenkeep/core';
import { durationInWords } from '../terminal/life-in-words.js';
import { plainText } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';
import { loopbackRedirect } from './loopback-redirect.js';
import { openInBrowser } from './open-in-browser.js';

export interface LoginWishes {
  /** A code to be typed in on any device. */
  readonly device: boolean;
  /** Only print the URL, and do not open it. */
  readonly open: boolean;
}

const LONGEST_URL = 8_192;

/** Asks the person at the terminal to log in: everything is said on stderr. */
export function terminalInteraction(
  { device, open }: LoginWishes,
  terminal: Terminal,
): LoginInteraction {
  const say = (facts: object, words: string) =>
    terminal.err(terminal.json ? JSON.stringify(facts) : words);
  return {
    ...(device ? { way: 'code' } : {}),
    async browse(page, signal) {
      await using redirect = await loopbackRedirect(page, signal);
      const asked = await page.urlFor(redirect.redirectUri);
      const url = openable(asked);
      const answer = redirect.answerTo(asked);
      answer.catch(() => {});
      say({ login: { url } }, `Log in here:\n\n  ${url}\n`);
      if (open && terminal.canAsk) openInBrowser(url, process.platform);
      return await answer;
    },
    async showCode({ code, url, urlWithCode, lifetimeMs }) {
      const shown = { code: plainText(code), url: openable(url) };
      const short = urlWithCode === undefined ? {} : { urlWithCode: openable(urlWithCode) };
      const life = durationInWords(lifetimeMs);
      const directly = short.urlWithCode ? `or open\n\n  ${short.urlWithCode}\n\n` : '';
      say(
        { login: { ...shown, ...short, lifetimeMs } },
        `On any device, open\n\n  ${shown.url}\n\nand type in the code\n\n` +
          `  ${terminal.errColours.bold(shown.code)}\n\n${directly}It can be used for ${life}.`,
      );
    },
  };
}

/** What a server calls a URL goes to a terminal and a browser: it is one, of the web. */
function openable(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TokenError(
      'PROVIDER_PROTOCOL',
      'The server gave an address to log in at that is no URL of the web.',
      { reason: 'protocol' },
    );
  }
  return plainText(url.href, LONGEST_URL);
}
