import { expect, test } from '@jest/globals';
import { isLoopbackHost } from '../src/transport/loopback-host.js';

test('a name that only looks like this machine is another', () => {
  for (const name of ['localhost', 'localhost.', '127.0.0.1', '127.255.255.254', '[::1]']) {
    expect(isLoopbackHost(name)).toBe(true);
  }
  for (const name of ['localhost.com', 'xlocalhost', '127.0.0.1.com', '128.0.0.1', '::1', '']) {
    expect(isLoopbackHost(name)).toBe(false);
  }
});
