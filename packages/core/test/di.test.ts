import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createTokenEngine,
  memoryStore,
  type TokenEngine,
  type TokenProvider,
} from '@tokenkeep/core';
import { bindProvider, bindStore, engineBindings, serviceIds } from '@tokenkeep/core/di';
import { authRefresh } from '@tokenkeep/provider-auth-refresh';
import { AuthRefreshAuthority, TestClock } from '@tokenkeep/testing';
import { Container, ContainerModule, inject, injectable } from 'inversify';

const credentials = { username: 'ada', password: 'correct horse battery' };
const HOUR = 3_600_000;

let server: AuthRefreshAuthority;
let provider: TokenProvider;

beforeEach(async () => {
  server = await new AuthRefreshAuthority({
    accounts: [{ accountId: 'crm', ...credentials }],
  }).start();
  provider = authRefresh({ id: 'crm-api', baseUrl: server.url }) as TokenProvider;
});
afterEach(() => server.stop());

const account = { provider: 'crm-api', account: 'crm', credentials };

/** A host's own container, with the engine loaded into it. */
function hostContainer(before: (container: Container) => void = () => {}): Container {
  const container = new Container();
  before(container);
  const options = { accounts: [account], providers: [provider], allowInsecureLoopback: true };
  container.load(new ContainerModule(engineBindings(options)));
  return container;
}

test('a host loads the engine into its own container and is given the one engine there is', async () => {
  const container = hostContainer();
  const engine = await container.getAsync(serviceIds.engine);
  // The host's default scope is transient: the engine is a singleton all the same.
  expect(await container.getAsync(serviceIds.engine)).toBe(engine);
  const token = await engine.getToken('crm');
  expect(server.truth.accepts(token.reveal())).toBe(true);
  await container.unbindAllAsync();
});

test('a class of the host takes the engine with @inject(serviceIds.engine)', async () => {
  @injectable()
  class Orders {
    constructor(@inject(serviceIds.engine) readonly engine: TokenEngine) {}
    authorization = async () => (await this.engine.getToken('crm')).headers();
  }
  const container = hostContainer();
  container.bind(Orders).toSelf().inSingletonScope();
  const orders = await container.getAsync(Orders);
  const headers = await orders.authorization();
  expect(headers.authorization).toMatch(/^Bearer \S+$/);
  expect(orders.engine).toBe(await container.getAsync(serviceIds.engine));
  await container.unbindAllAsync();
});

test('a clock bound first replaces the default: the container composes the engine', async () => {
  const clock = new TestClock();
  const container = hostContainer((host) => host.bind(serviceIds.clock).toConstantValue(clock));
  const engine = await container.getAsync(serviceIds.engine);
  const first = await engine.getToken('crm');
  expect(first.expiresAt).toBe(clock.now() + HOUR - 1_000);
  await clock.advance(HOUR);
  // Nobody waited an hour: only on the host's clock has the token ended.
  const next = await engine.getToken('crm');
  expect(next.generation).toBe(first.generation + 1);
  expect(server.log.count({ operation: 'refresh' })).toBe(1);
  await container.unbindAllAsync();
});

test('a clock rebound after loading replaces it as well', async () => {
  const clock = new TestClock();
  const container = hostContainer();
  (await container.rebind(serviceIds.clock)).toConstantValue(clock);
  const engine = await container.getAsync(serviceIds.engine);
  expect((await engine.getToken('crm')).expiresAt).toBe(clock.now() + HOUR - 1_000);
  await container.unbindAllAsync();
});

test('providers bound by the host and in the options are all used, and a store bound first wins', async () => {
  const clock = new TestClock();
  const store = memoryStore(clock);
  const container = new Container();
  container.bind(serviceIds.clock).toConstantValue(clock);
  container.load(
    new ContainerModule(bindStore(store)),
    new ContainerModule(bindProvider(authRefresh({ id: 'second', baseUrl: server.url }))),
    new ContainerModule(
      engineBindings({
        accounts: [account, { ...account, provider: 'second', name: 'again' }],
        providers: [provider],
        allowInsecureLoopback: true,
      }),
    ),
  );
  const engine = await container.getAsync(serviceIds.engine);
  await Promise.all([engine.getToken('crm'), engine.getToken('again')]);
  const rows = await store.list('account', undefined, 10);
  expect(rows.map(({ id }) => id)).toEqual(['crm-api/crm', 'second/crm']);
  expect(server.log.count({ operation: 'obtain' })).toBe(2);
  await container.unbindAllAsync();
});

test('unbindAllAsync stops the engine', async () => {
  const container = hostContainer();
  const engine = await container.getAsync(serviceIds.engine);
  engine.start();
  await engine.getToken('crm');
  await container.unbindAllAsync();
  expect(engine.health().state).toBe('dead');
  await expect(engine.getToken('crm')).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
});

test('two engines that keep one account in one process are warned of, a single one is not', async () => {
  const lines: string[] = [];
  const note = (_facts: object, message: string) => void lines.push(message);
  const warned: string[] = [];
  const logger = {
    debug: note,
    info: note,
    error: note,
    warn: (facts: object) => void warned.push((facts as { warning: string }).warning),
  };
  const options = {
    accounts: [account],
    providers: [provider],
    allowInsecureLoopback: true,
    logger,
  };
  const duplicates = () => warned.filter((name) => name === 'TOKENKEEP_DUPLICATE_ENGINE').length;

  const first = await createTokenEngine(options);
  expect(duplicates()).toBe(0);
  const second = await createTokenEngine(options);
  expect(duplicates()).toBe(1);
  await first.stop();
  await second.stop();
  const third = await createTokenEngine(options);
  expect(duplicates()).toBe(1);
  await third.stop();
});
