import type { EventHub } from '../events/event-hub.js';
import { HostBreaker } from '../guard/host-breaker.js';
import type { Parameters } from '../parameters/parameters.js';

/** A breaker whose changes are told by the name of what it leaves alone. */
export function tellingBreaker(
  { parameters, events }: { readonly parameters: Parameters; readonly events: EventHub },
  host: string,
  mostFailures: number,
): HostBreaker {
  return new HostBreaker(parameters, mostFailures, (state) =>
    events.emit('breaker:changed', { host, state }),
  );
}
