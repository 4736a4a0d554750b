import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { type AccessToken, Secret, type TokenEngine, type TokenError } from '@tokenkeep/core';
import { canary, fault, scanForCanaries } from '@tokenkeep/testing';
import { pino } from 'pino';
import { failureOf } from './failure-of.js';
import { authRefreshWorld, World } from './world.js';

interface Held {
  readonly engine: TokenEngine;
  readonly token: AccessToken;
  readonly secret: Secret;
  readonly error: TokenError;
}

/** What people hand to a logger when they are in a hurry. */
const handed: Record<string, (held: Held) => unknown> = {
  'the token': ({ token }) => token,
  'the secret': ({ secret }) => secret,
  'a copy of the token': ({ token }) => ({ ...token }),
  'a list of them': ({ token, secret }) => [token, [secret]],
  'a member deep inside': ({ token }) => ({ request: { auth: { token } } }),
  'the account handle': ({ engine }) => engine.account('crm'),
  'the engine': ({ engine }) => engine,
  'the account as configured': ({ engine }) => engine.accounts.list(),
  'an error of ours': ({ error }) => error,
  'an error with it as a cause': ({ error }) => new Error('failed', { cause: error }),
  'several errors at once': ({ error }) => new AggregateError([error, error], 'all failed'),
  'an error with the token hung on': ({ token }) => Object.assign(new Error('failed'), { token }),
  'a symbol as a name': ({ secret }) => ({ [Symbol('secret')]: secret }),
  'a getter': ({ secret }) => ({
    get password() {
      return secret;
    },
  }),
  'a proxy': ({ secret }) => new Proxy({ secret }, {}),
  'a map and a set': ({ secret }) => ({ map: new Map([['s', secret]]), set: new Set([secret]) }),
  'a circle': ({ secret }) => {
    const circle: Record<string, unknown> = { secret };
    circle.self = circle;
    return circle;
  },
  'a template': ({ secret, token }) => `secret ${secret}, token ${token}`,
  'a text made by adding': ({ secret }) => `${'secret: '}${String(secret)}`,
  'a method by mistake': ({ token }) => token.reveal,
};

/** Every ordinary call of a logger. */
const calls: Record<string, (log: pino.Logger, value: unknown) => void> = {
  'log(value)': (log, value) => log.info(value as object),
  'log(value, message)': (log, value) => log.info(value as object, 'got it'),
  'log({ value })': (log, value) => log.trace({ value }),
  'log({ err })': (log, value) => log.error({ err: value }),
  'log(%o)': (log, value) => log.debug('got %o', value as object),
  'log(%s)': (log, value) => log.debug('got %s', value as string),
  'log(%j)': (log, value) => log.debug('got %j', value as object),
  'child({ value })': (log, value) => log.child({ value }).info('got it'),
};

/** And everything else that makes a text of a value. */
const printers: Record<string, (value: unknown) => string> = {
  inspect: (value) => inspect(value, { depth: 10, showHidden: true, getters: true }),
  'JSON.stringify': (value) => {
    try {
      return JSON.stringify(value) ?? '';
    } catch {
      return '';
    }
  },
  String: (value) => String(value),
};

test('S16 no shape of a log call shows a token, a refresh token or a password', async () => {
  await using world = new World();
  const password = canary('password');
  const { server, providers, accounts } = await authRefreshWorld(world, {
    authority: {
      clock: world.clock,
      accounts: [{ accountId: 'crm', username: 'ada', password: password.secret }],
    },
    account: { credentials: { username: 'ada', password: password.secret } },
  });
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const engine = await world.engine({ providers, accounts, logger: log });
  const token = await world.run(engine.getToken('crm'));
  const { accessToken, refresh } = server.truth.current('crm') ?? {};
  server.faults.always('any', fault.status(503));
  const error = await failureOf(world.run(engine.renew('crm')));
  const held = { engine, token, secret: new Secret(password.secret), error };

  for (const [what, make] of Object.entries(handed)) {
    for (const [how, call] of Object.entries(calls)) {
      lines.push(`${what}, ${how}:`);
      call(log, make(held));
    }
    for (const [how, print] of Object.entries(printers)) {
      lines.push(`${what}, ${how}: ${print(make(held))}`);
    }
  }
  expect(lines.length).toBeGreaterThan(300);
  const text = lines.join('\n');
  for (const known of [accessToken, refresh?.token]) expect(text).not.toContain(known);
  expect(scanForCanaries(text, [password])).toEqual([]);
  // The scan can find something.
  expect(scanForCanaries(`${text}${password.secret}`, [password])).not.toEqual([]);
});
