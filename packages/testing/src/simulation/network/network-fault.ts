/**
 * The ways in which one request goes wrong on a simulated network. `before`: the server never acts
 * on it. `after`: it has acted, and the client does not get to know what it said.
 */
export const networkFaults = {
  /** Nothing leaves the process. */
  unsent: ['connection refused', 'name not found', 'certificate refused', 'connecting hangs'],
  before: ['request reset', 'request swallowed', 'busy', 'throttled', 'error before'],
  after: [
    'reply reset',
    'reply swallowed',
    'reply cut',
    'error after',
    'page after',
    'empty after',
  ],
  /** Whole and honest, but seconds late: more than a lease, less than the longest time-out. */
  slow: ['request slow', 'reply slow'],
} as const;

export type NetworkFault = (typeof networkFaults)[keyof typeof networkFaults][number];

export const everyNetworkFault: readonly NetworkFault[] = Object.values(networkFaults).flat();
