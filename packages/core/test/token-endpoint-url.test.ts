import { describe, expect, test } from '@jest/globals';
import { TokenError } from '../src/errors/token-error.js';
import { tokenEndpointUrl } from '../src/transport/token-endpoint-url.js';

function refusalOf(text: string, allowInsecureLoopback = false): TokenError {
  try {
    tokenEndpointUrl(text, allowInsecureLoopback);
  } catch (error) {
    if (TokenError.is(error, 'CONFIGURATION_UNSAFE_URL')) return error;
  }
  throw new Error(`Expected ${text} to be refused.`);
}

describe('where secrets may be sent', () => {
  test.each([
    'https://api.example.com/oauth/token',
    'https://api.example.com:8443/token?tenant=a',
    'HTTPS://API.EXAMPLE.COM/token',
    'https://[2001:db8::1]/token',
    'https://127.0.0.1/token',
  ])('%s', (text) => {
    expect(tokenEndpointUrl(text, false).protocol).toBe('https:');
  });

  const loopback = [
    'http://localhost:3000/token',
    'http://LOCALHOST/token',
    'http://localhost./token',
    'http://127.0.0.1/token',
    'http://127.1.2.3:1/token',
    'http://[::1]:8080/token',
    'http://2130706433/token',
    'http://0x7f.1/token',
  ];

  test.each(loopback)('S08 %s only where the engine allows it', (text) => {
    expect(tokenEndpointUrl(text, true).protocol).toBe('http:');
    expect(refusalOf(text).message).toContain('allowInsecureLoopback: true');
  });

  test.each([
    'http://api.example.com/token',
    'http://localhost.evil.com/token',
    'http://127.0.0.1.nip.io/token',
    'http://169.254.169.254/latest/meta-data',
    'http://10.0.0.1/token',
    'http://0.0.0.0/token',
    'http://0/token',
    'http://[::ffff:7f00:1]/token',
    'http://[::]/token',
  ])('S08 S09 %s never, whatever the engine allows', (text) => {
    expect(refusalOf(text, true).message).toContain('not https');
  });

  test.each([
    'data:application/json,{}',
    'file:///etc/passwd',
    'blob:https://example.com/1',
    'ftp://example.com/token',
    'javascript:alert(1)',
    'ws://127.0.0.1/token',
    'node:fs',
    'htps://example.com',
  ])('S10 %s is no scheme for secrets', (text) => {
    refusalOf(text, true);
  });

  test.each([
    'https://ada:pw-canary@example.com/token',
    'https://pw-canary@example.com/token',
    'https://good.com@evil.com/pw-canary',
    'https://good.com\\@evil.com/pw-canary',
    'https://example.com/token#pw-canary',
    'https:// example.com/pw-canary',
    'https://exa\tmple.com/pw-canary',
    'https://example.com/\r\npw-canary',
    ' https://example.com/pw-canary',
    '/token/pw-canary',
    'example.com/pw-canary',
    'https://',
    'https:///',
    '',
  ])('S11 %j is refused, and the error shows the host at most', (text) => {
    expect(refusalOf(text, true).message).not.toContain('pw-canary');
  });
});
