import type { EpochMs } from '../clock/clock.js';
import { askHost, type HostOutage, noOutage, noteOutage } from '../guard/host-outage.js';
import type { Parameters } from '../parameters/parameters.js';
import { editSharedRow, sharedRowId } from '../store/shared-row.js';
import type { WatchedStore } from '../store/watched-store.js';

/**
 * Outages of authorization servers, one row for each host, so that a host that fails costs the fleet
 * one probe at a time, and a process that has just begun does not have to find out by itself.
 * Whatever goes wrong with a row keeps nobody from asking: it protects the host, not the tokens.
 */
export class HostOutages {
  constructor(
    private readonly store: WatchedStore,
    private readonly parameters: Parameters,
  ) {}

  /** Milliseconds until the host may be asked; 0: now, and a probe's place is taken. */
  async waitMs(origin: string): Promise<number> {
    let waitMs = 0;
    const written = await this.#edit(origin, (outage, now) => {
      const answer = askHost(outage, now, this.parameters);
      waitMs = answer.waitMs;
      return answer.outage;
    });
    // Somebody else was faster, and is trying it.
    return written ? waitMs : this.parameters.breakerOpenMs;
  }

  async began(origin: string): Promise<void> {
    await this.#edit(origin, (outage, now) => noteOutage(outage, now, this.parameters));
  }

  async ended(origin: string): Promise<void> {
    await this.#edit(origin, (outage) => (outage.openings === 0 ? outage : noOutage));
  }

  /**
   * Whether it stands as wanted; `false`: a rival was faster. The row is no budget's: those begin with
   * a provider's id, which has no dot.
   */
  async #edit(
    origin: string,
    change: (outage: HostOutage, now: EpochMs) => HostOutage,
  ): Promise<boolean> {
    try {
      const id = sharedRowId('host.', origin);
      const edited = await editSharedRow(this.store, id, { parse, change, tries: 1 });
      return edited !== undefined;
    } catch {
      return true;
    }
  }
}

function parse(body: string | undefined): HostOutage {
  if (body === undefined) return noOutage;
  try {
    const { openings, until, probed } = JSON.parse(body) as HostOutage;
    if (Number.isFinite(openings) && Number.isFinite(until)) return { openings, until, probed };
  } catch {}
  return noOutage;
}
