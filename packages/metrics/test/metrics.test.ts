import { describe, expect, test } from '@jest/globals';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { instrumentNames, measureEngine } from '@tokenkeep/metrics';
import { fault } from '@tokenkeep/testing';
import { authRefreshWorld, World } from '../../../test/acceptance/world.js';

interface Point {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
}

/** A real meter provider, read as an exporter would see it. */
function measuring() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const collected = async () => {
    await provider.forceFlush();
    const scopes = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
    return scopes.flatMap(({ metrics }) => metrics);
  };
  return {
    meter: provider.getMeter('tokenkeep'),
    collected,
    /** Sums of counters, counts of histograms, and what gauges show. */
    async points(): Promise<Point[]> {
      return (await collected()).flatMap(({ descriptor: { name }, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => {
          const count = typeof value === 'number' ? value : value.count;
          return { name, attributes: { ...attributes }, value: count };
        }),
      );
    },
    stop: () => provider.shutdown(),
  };
}

const of = (points: readonly Point[], name: string) =>
  points.filter((point) => point.name === name).map(({ attributes, value }) => [attributes, value]);

describe('the metrics of an engine', () => {
  test('tell what was left of a token that was replaced, and nothing of a first one', async () => {
    await using world = new World();
    const { providers, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers, accounts });
    const measured = measuring();
    using _listening = measureEngine(engine, { meter: measured.meter });
    await world.run(engine.getToken('crm'));
    expect(of(await measured.points(), 'tokenkeep.token.left')).toEqual([]);
    await world.clock.advance(10_000);
    await world.run(engine.renew('crm'));
    expect(of(await measured.points(), 'tokenkeep.token.left')).toEqual([
      [{ provider: 'crm-api' }, 1],
    ]);
    await measured.stop();
  });

  test.each([
    [{ metre: 1 }, /no option "metre"/],
    [{ meter: { getMeter: () => {} } }, /getMeter/],
  ])('are not silent about %p', async (options, message) => {
    await using world = new World();
    const { providers, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers, accounts });
    expect(() => measureEngine(engine, options as never)).toThrow(message);
  });

  test('count renewals by what they brought, with how long they took', async () => {
    await using world = new World();
    const { server, providers, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers, accounts });
    const measured = measuring();
    using _listening = measureEngine(engine, { meter: measured.meter });
    await world.run(engine.getToken('crm'));
    await world.clock.advance(10_000);
    await world.run(engine.renew('crm'));
    server.faults.next('refresh', fault.status(500));
    await world.clock.advance(10_000);
    await world.run(engine.renew('crm').catch(() => {}));
    const points = await measured.points();
    await measured.stop();
    expect(of(points, 'tokenkeep.renewals')).toEqual(
      expect.arrayContaining([
        [{ provider: 'crm-api', operation: 'obtain', outcome: 'renewed' }, 1],
        [{ provider: 'crm-api', operation: 'refresh', outcome: 'renewed' }, 1],
        [{ provider: 'crm-api', operation: 'refresh', outcome: 'provider_unavailable' }, 1],
      ]),
    );
    expect(of(points, 'tokenkeep.renewal.durable')).toEqual([[{ provider: 'crm-api' }, 2]]);
    expect(of(points, 'tokenkeep.token.left')).toEqual([[{ provider: 'crm-api' }, 1]]);
    expect(of(points, 'tokenkeep.doubts')).toEqual([[{ provider: 'crm-api' }, 1]]);
    expect(of(points, 'tokenkeep.accounts')).toEqual(
      expect.arrayContaining([
        [{ state: 'known' }, 1],
        [{ state: 'with_token' }, 1],
        [{ state: 'in_doubt' }, 1],
      ]),
    );
    expect(of(points, 'tokenkeep.store.reachable')).toEqual([[{}, 1]]);
  });

  test('show how late the schedule was, and that it is on time again', async () => {
    await using world = new World();
    const { providers, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers, accounts });
    const measured = measuring();
    using _listening = measureEngine(engine, { meter: measured.meter });
    const overdue = async () => of(await measured.points(), 'tokenkeep.schedule.overdue')[0]?.[1];
    const { expiresAt } = await world.run(engine.getToken('crm'));
    await world.clock.advance(expiresAt - world.clock.now() + 60_000);
    engine.start();
    await world.clock.settle();
    expect(await overdue()).toBeGreaterThanOrEqual(60);
    await world.clock.advance(30_000);
    expect(await overdue()).toBe(0);
    await measured.stop();
  });

  test('have neither an account nor a secret in them, and the documented names', async () => {
    await using world = new World();
    const { server, providers, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers, accounts });
    const measured = measuring();
    using _listening = measureEngine(engine, { meter: measured.meter });
    const { reveal } = await world.run(engine.getToken('crm'));
    server.faults.next('refresh', fault.echoSecrets());
    await world.clock.advance(10_000);
    await world.run(engine.renew('crm').catch(() => {}));
    const all = await measured.collected();
    await measured.stop();
    const text = JSON.stringify(all);
    expect(text).toContain('crm-api');
    for (const secret of [reveal(), 'correct horse', '"crm"', 'crm-api/crm', server.url]) {
      expect(text).not.toContain(secret);
    }
    for (const { descriptor } of all) expect(instrumentNames).toContain(descriptor.name);
  });

  test('end when they are disposed of', async () => {
    await using world = new World();
    const { providers, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers, accounts });
    const measured = measuring();
    measureEngine(engine, { meter: measured.meter })[Symbol.dispose]();
    await world.run(engine.getToken('crm'));
    expect(await measured.points()).toEqual([]);
    await measured.stop();
  });

  test('cost nothing and break nothing where nobody has registered a meter provider', async () => {
    await using world = new World();
    const { providers, accounts } = await authRefreshWorld(world);
    const engine = await world.engine({ providers, accounts });
    using _listening = measureEngine(engine);
    await world.run(engine.getToken('crm'));
  });
});
