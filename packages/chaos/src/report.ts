import Table from 'cli-table3';
import { type ChaosResult, killsOf, renewalRate } from './chaos-run.js';
import { figures } from './figures.js';

/** Everything to publish of a run, as tables. */
export function reportText(result: ChaosResult, seconds: number): string {
  const { plan, chaos, control, verdicts } = result;
  const { store, seed, minutes, processes, accounts, controlMinutes } = plan;
  const broken = verdicts.flatMap(({ promise, broken: each }) =>
    each.map((sentence) => `${promise}: ${sentence}`),
  );
  const asked = chaos.served + chaos.refused;
  const done = chaos.disturbances.filter(({ at }) => at >= chaos.from && at < chaos.until);
  return [
    table(
      ['', ''],
      [
        ['store, seed', `${store}, ${seed}`],
        ['processes, accounts', `${processes}, ${accounts}`],
        ['minutes undisturbed, of chaos', `${controlMinutes.toFixed(1)}, ${minutes}`],
        ['processes killed', killsOf(chaos)],
        ['disturbances in all', done.length],
        ['renewals a minute, undisturbed', renewalRate(control).toFixed(0)],
        ['renewals a minute, in chaos', renewalRate(chaos).toFixed(0)],
        [
          'callers served in chaos',
          asked === 0 ? '' : `${((100 * chaos.served) / asked).toFixed(1)} %`,
        ],
        ['seconds in all', seconds.toFixed(0)],
      ],
    ),
    table(
      ['promise', 'looked at', 'broken'],
      verdicts.map(({ promise, says, looked, broken: each }) => [
        promise,
        `${looked} ${says}`,
        each.length,
      ]),
    ),
    table(['figure', ''], figures(result)),
    ...(broken.length === 0
      ? ['No promise of those above was broken.']
      : [broken.slice(0, 50).join('\n')]),
  ].join('\n\n');
}

function table(head: string[], rows: readonly (readonly (string | number)[])[]): string {
  const drawn = new Table({ head, style: { head: [], border: [] } });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}
