import { type Reply, textReply } from '../../server/reply.js';
import type { NetworkFault } from './network-fault.js';

/** What a server says that has not acted on the request. */
export function unprocessed(
  fault: NetworkFault | undefined,
  retrySeconds: number,
): Reply | undefined {
  const wait = { 'retry-after': String(retrySeconds) };
  switch (fault) {
    case 'busy':
      return textReply(503, 'busy', 'text/plain');
    case 'throttled':
      return textReply(429, 'too many requests', 'text/plain', wait);
    case 'error before':
      return textReply(500, 'something went wrong', 'text/plain');
    default:
      return undefined;
  }
}

/** What arrives in place of the reply of a server that has acted on the request. */
export function spoilt(fault: NetworkFault | undefined): Reply | undefined {
  switch (fault) {
    case 'error after':
      return textReply(502, 'bad gateway', 'text/plain');
    case 'page after':
      return textReply(200, '<html><body>Please log in</body></html>', 'text/html');
    case 'empty after':
      return textReply(200, '', 'application/json');
    default:
      return undefined;
  }
}
