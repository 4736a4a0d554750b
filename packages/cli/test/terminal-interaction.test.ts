import { expect, test } from '@jest/globals';
import { TokenError } from '@tokenkeep/core';
import { terminalInteraction } from '../src/login/terminal-interaction.js';
import { recordedCommand } from './recorded-command.js';

const never = new AbortController().signal;

function recorded() {
  const { invocation, err } = recordedCommand(undefined);
  return {
    interaction: terminalInteraction({ device: false, open: true }, invocation.terminal),
    err,
  };
}

test.each(['javascript:alert(1)', 'file:///etc/passwd', 'no URL'])(
  'an address that is no URL of the web is the server’s mistake, and is not shown: %s',
  async (url) => {
    const { interaction, err } = recorded();
    const code = { code: 'ABCD', url, lifetimeMs: 600_000 };
    const shown: unknown = await interaction.showCode(code, never).catch((error) => error);
    const page = { redirectUri: 'http://127.0.0.1/callback', urlFor: async () => url };
    const browsed: unknown = await interaction.browse(page, never).catch((error) => error);
    for (const error of [shown, browsed]) {
      expect(TokenError.is(error, 'PROVIDER_PROTOCOL')).toBe(true);
    }
    expect(err()).toBe('');
  },
);

test('a person is sent to the page, and the browser that comes back from it is the answer', async () => {
  const { interaction, err } = recorded();
  let back = '';
  const urlFor = async (redirectUri: string) => {
    back = redirectUri;
    return 'https://id.example.com/auth?state=s1';
  };
  const answer = interaction.browse({ redirectUri: 'http://127.0.0.1/callback', urlFor }, never);
  while (!err().includes('https://id.example.com/auth?state=s1')) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect((await fetch(`${back}?error=access_denied`)).status).toBe(400);
  expect((await fetch(`${back}?code=c&state=s1`)).status).toBe(200);
  expect((await answer).search).toBe('?code=c&state=s1');
});
