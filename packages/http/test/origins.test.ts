import { describe, expect, test } from '@jest/globals';
import { authorizedFetch } from '@tokenkeep/http';
import { fault, RecordingServer } from '@tokenkeep/testing';
import { ApiWorld, rejectionOf } from './api-world.js';

/** An account whose token may go to an origin that is not there: nothing may be sent anyway. */
const elsewhere = { options: { apiOrigins: ['https://good.com', 'http://localhost:9'] } };

describe('the token goes to listed origins only, and is not even asked for otherwise', () => {
  const query = '?key=in-the-query';
  test.each([
    ['S11 another host', 'https://evil.com/x', 'https://evil.com'],
    ['S11 a subdomain', 'https://api.good.com/x', 'https://api.good.com'],
    ['S11 a longer name', 'https://good.com.evil.com/x', 'https://good.com.evil.com'],
    ['S11 another port', 'https://good.com:8443/x', 'https://good.com:8443'],
    ['S11 a user and password', 'https://user:pass@good.com/x', 'https://good.com'],
    ['S11 a host that looks like a user', 'https://good.com@evil.com/x', 'https://evil.com'],
    ['S11 a user alone', 'https://user@good.com/x', 'https://good.com'],
    ['S11 a backslash before @', 'https://good.com\\@evil.com/x', 'backslash'],
    ['S11 a backslash for a slash', 'https:\\\\good.com/x', 'backslash'],
    ['S11 a line feed in the host', 'https://good.com\n.evil.com/x', 'control character'],
    ['S11 a tab before it', '\thttps://good.com/x', 'control character'],
    ['S11 two dots at the end', 'https://good.com../x', 'https://good.com.'],
    ['S11 a look-alike letter', 'https://gооd.com/x', 'https://xn--'],
    ['S11 a relative URL', '/x', 'baseUrl'],
    ['S11 a URL without a scheme', '//good.com/x', 'baseUrl'],
    ['S11 a name alone', 'good.com', 'baseUrl'],
    ['S10 http', 'http://good.com/x', 'http://good.com is not https'],
    ['S10 http to this machine, another port', 'http://localhost:10/x', 'http://localhost:10'],
    ['S10 http to this machine, another name', 'http://127.0.0.1:9/x', 'http://127.0.0.1:9'],
    ['S10 http to a host named like this machine', 'http://localhost.evil.com:9/x', 'not https'],
    ['S10 data:', 'data:text/plain,hello', 'the scheme data:'],
    ['S10 file:', 'file:///etc/passwd', 'the scheme file:'],
    ['S10 blob: of a listed origin', 'blob:https://good.com/0-0', 'the scheme blob:'],
    ['S10 ftp:', 'ftp://good.com/x', 'the scheme ftp:'],
    ['S10 javascript:', 'javascript:alert(1)', 'the scheme javascript:'],
    ['S10 ws:', 'wss://good.com/x', 'the scheme wss:'],
  ])('%s is a TypeError that shows no more than the origin', async (_, url, shown) => {
    await using world = await ApiWorld.begin(elsewhere);
    const sent: string[] = [];
    const ada = authorizedFetch(world.engine, 'ada', {
      fetch: async (target) => {
        sent.push(target);
        return new Response();
      },
    });
    const forms = [url + query, ...(URL.canParse(url) ? [new URL(url + query)] : [])];
    for (const input of forms) {
      // As a URL object it is what the parser made of it, and has no backslash any more.
      if (typeof input !== 'string' && /\\|[\n\t]/.test(url)) continue;
      const error = await rejectionOf(ada(input));
      expect(error.name).toBe('TypeError');
      expect(error.message).toContain(shown);
      for (const hidden of ['in-the-query', 'pass@', 'user:', 'passwd', 'hello', 'alert']) {
        expect(error.message).not.toContain(hidden);
      }
    }
    expect(sent).toEqual([]);
    expect(world.api.log.length).toBe(0);
  });

  test('S10 S11 a Request is no way around it', async () => {
    await using world = await ApiWorld.begin(elsewhere);
    const ada = authorizedFetch(world.engine, 'ada');
    for (const url of ['https://evil.com/', 'data:,x', 'blob:https://good.com/0-0']) {
      const request = new Request(url, { method: 'POST', body: 'text' });
      expect(await rejectionOf(ada(request))).toMatchObject({ name: 'TypeError' });
      expect(request.bodyUsed).toBe(false);
    }
    expect(world.api.log.length).toBe(0);
  });

  test('the error says who may go where, and how to allow it', async () => {
    await using world = await ApiWorld.begin(elsewhere);
    const { message } = await rejectionOf(authorizedFetch(world.engine, 'ada')('https://evil.com'));
    expect(message).toBe(
      'The token of api/ada may not be sent to https://evil.com: it may go to https://good.com, ' +
        'http://localhost:9. If that server may see the token, add the origin to `apiOrigins` of ' +
        'the provider, or to `allowOrigins` in the options of authorizedFetch.',
    );
  });

  test('what the error advises works: apiOrigins, allowOrigins, baseUrl', async () => {
    await using world = await ApiWorld.begin();
    await using other = await new RecordingServer().start();
    const { api, engine } = world;
    const sees = async (options: Parameters<typeof authorizedFetch>[2], url: string | URL) =>
      (await authorizedFetch(engine, 'ada', options)(url)).status;
    expect(await sees({}, `${api.url}/a`)).toBe(200);
    await expect(sees({}, other.url)).rejects.toThrow('allowOrigins');
    expect(await sees({ allowOrigins: [other.url] }, other.url)).toBe(200);
    expect(await sees({ baseUrl: `${api.url}/v1/` }, 'orders?page=2')).toBe(200);
    expect(await sees({ baseUrl: new URL('/v1/', api.url) }, '../top')).toBe(200);
    expect(api.log.where({ operation: 'api' }).map(({ path }) => path)).toEqual([
      '/a',
      '/v1/orders',
      '/top',
    ]);
    expect(other.log.length).toBe(1);
  });

  test('S11 a base URL allows nothing, and a relative URL does not lead away from it', async () => {
    await using world = await ApiWorld.begin();
    await using other = await new RecordingServer().start();
    const { api, engine } = world;
    const based = authorizedFetch(engine, 'ada', { baseUrl: api.url });
    const away = authorizedFetch(engine, 'ada', { baseUrl: other.url });
    const { host } = new URL(other.url);
    for (const call of [based(`//${host}/x`), based(`\\\\${host}/x`), away('/x')]) {
      expect(await rejectionOf(call)).toMatchObject({ name: 'TypeError' });
    }
    expect(other.connections).toBe(0);
    expect(api.log.length).toBe(0);
  });

  test('S11 a dot at the end of the host, and letters of any case, are the same host', async () => {
    await using world = await ApiWorld.begin(elsewhere);
    const sent: string[] = [];
    const ada = authorizedFetch(world.engine, 'ada', {
      allowOrigins: ['https://dotted.com.'],
      fetch: async (url) => {
        sent.push(url);
        return new Response();
      },
    });
    await ada('https://good.com./x');
    await ada('HTTPS://GOOD.com:443/y');
    await ada('https://dotted.com/z');
    await ada('http://localhost.:9/w');
    expect(sent).toEqual([
      'https://good.com/x',
      'https://good.com/y',
      'https://dotted.com/z',
      'http://localhost:9/w',
    ]);
  });

  test.each([
    'good.com',
    'https://good.com/',
    'https://good.com/v1',
    'https://Good.com',
    'https://user:pass@good.com',
    'http://good.com',
    'data:,x',
    'null',
    '*',
  ])('S10 S11 allowOrigins refuses "%s" when the fetch is made', async (origin) => {
    await using world = await ApiWorld.begin();
    const make = () => authorizedFetch(world.engine, 'ada', { allowOrigins: [origin] });
    expect(make).toThrow(/allowOrigins|not https/);
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError' }));
    expect(() => authorizedFetch(world.engine, 'ada', { baseUrl: '/v1' })).toThrow('baseUrl');
  });
});

describe('a request that carries a token follows no redirect', () => {
  const custom = {
    authorize: (headers: Headers, token: { reveal(): string }) =>
      headers.set('X-API-Key', token.reveal()),
  };
  const codes = [301, 302, 303, 307, 308];
  const providers = [
    ['S05 Authorization', {}],
    ['S07 X-API-Key', custom],
  ] as const;
  const cases = providers.flatMap(([name, provider]) =>
    codes.map((code) => [name, code, provider] as const),
  );

  test.each(cases)('%s is not taken along by a %d', async (_, code, provider) => {
    await using world = await ApiWorld.begin({ provider });
    await using evil = await new RecordingServer().start();
    const { api, engine } = world;
    // Another origin that is allowed is still not followed to: what is repeated there is unknown.
    const ada = authorizedFetch(engine, 'ada', { allowOrigins: [evil.url] });
    const { port } = new URL(evil.url);
    const targets = [
      [`${evil.url}/x?key=secret`, evil.url],
      [`http://localhost:${port}/x`, `http://localhost:${port}`],
      [`http://user:pass@127.0.0.1:${port}/x`, evil.url],
      [`//127.0.0.1:${port}/x`, evil.url],
      [`${api.url}/orders`, api.url],
      ['/orders', api.url],
      ['data:,x', 'the scheme data:'],
      ['http://[', 'no URL'],
    ] as const;
    for (const [location, shown] of targets) {
      api.faults.next('api', fault.redirect(code, location));
      const error = await rejectionOf(ada(`${api.url}/a`, { method: 'POST', body: 'text' }));
      expect(error.name).toBe('TypeError');
      expect(error.message).toContain(`answered ${code}, a redirect to `);
      expect(error.message).toContain(shown);
      expect(error.message).toContain("redirect: 'manual'");
      expect(error.message).not.toMatch(/secret|pass@/);
    }
    expect(evil.connections).toBe(0);
    expect(api.count('api')).toBe(targets.length);
  });

  test("S05 redirect: 'error' rejects, and 'manual' shows the redirect to the caller", async () => {
    await using world = await ApiWorld.begin();
    await using evil = await new RecordingServer().start();
    const { api, engine } = world;
    const ada = authorizedFetch(engine, 'ada');
    api.faults.always('api', fault.redirect(302, `${evil.url}/x`));
    const url = `${api.url}/a`;
    for (const call of [ada(url, { redirect: 'error' }), ada(new Request(url))]) {
      expect(await rejectionOf(call)).toMatchObject({ name: 'TypeError' });
    }
    const manual = new Request(url, { redirect: 'manual' });
    for (const reply of [await ada(url, { redirect: 'manual' }), await ada(manual)]) {
      expect(reply.status).toBe(302);
      expect(reply.headers.get('location')).toBe(`${evil.url}/x`);
    }
    expect(evil.connections).toBe(0);
  });

  test('S05 a redirect after the token was renewed is not followed either', async () => {
    await using world = await ApiWorld.begin();
    await using evil = await new RecordingServer().start();
    const { api, engine } = world;
    await world.endToken();
    api.faults.next('api', fault.status(401), fault.redirect(307, `${evil.url}/x`));
    const error = await rejectionOf(authorizedFetch(engine, 'ada')(`${api.url}/a`));
    expect(error).toMatchObject({ name: 'TypeError' });
    expect(api.count('refresh')).toBe(1);
    expect(evil.connections).toBe(0);
  });

  test('a 3xx that leads nowhere is an answer', async () => {
    await using world = await ApiWorld.begin();
    const { api, engine } = world;
    api.faults.next('api', fault.status(304), fault.status(302));
    const ada = authorizedFetch(engine, 'ada');
    expect((await ada(`${api.url}/a`)).status).toBe(304);
    expect((await ada(`${api.url}/a`)).status).toBe(302);
  });
});
