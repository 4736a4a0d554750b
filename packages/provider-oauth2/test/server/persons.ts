import type { LoginCode, LoginInteraction } from '@tokenkeep/core';
import { UserAgent } from './user-agent.js';

/** A person who logs in in a browser that can be reached at a port of this machine. */
export function personWithBrowser(agent = new UserAgent()) {
  const pages: string[] = [];
  const interaction: LoginInteraction = {
    async browse({ redirectUri, urlFor }) {
      const back = new URL(redirectUri);
      back.port = '51234';
      const page = await urlFor(back.href);
      pages.push(page);
      return (await agent.visit(page)).url;
    },
    showCode: async () => {
      throw new Error('This person has a browser.');
    },
  };
  return { interaction, pages };
}

/** A person with another device, who types a code in as soon as it is shown. */
export function personWithCode(agent = new UserAgent()) {
  const codes: LoginCode[] = [];
  const interaction: LoginInteraction = {
    way: 'code',
    browse: async () => {
      throw new Error('This person has no browser here.');
    },
    async showCode(code) {
      codes.push(code);
      void agent.visit(code.urlWithCode ?? code.url).catch(() => {});
    },
  };
  return { interaction, codes };
}
