import type { FaultExchange } from './fault-exchange.js';

/** A way in which one request goes wrong. */
export interface Fault {
  /** Shown in the log. */
  readonly name: string;
  /** Whether the server acts on the request (issues, rotates, revokes) before the fault shows. */
  readonly processes: boolean;
  /** Held back this long before the server acts, ms. */
  readonly holdMs?: number;
  /** The status that reaches the client, 0 for none; left out: that of the honest reply. */
  readonly status?: number;
  /** Writes to the wire, or does not. */
  deliver(exchange: FaultExchange): Promise<void>;
}

/** No fault: processes and replies. To let a request through in a list of faults. */
export function normal(): Fault {
  return {
    name: 'normal',
    processes: true,
    deliver: (exchange) => exchange.send(exchange.honestReply()),
  };
}

/** The same fault after the server has processed the request: the client cannot know. */
export function processed(fault: Fault): Fault {
  return { ...fault, name: `processed, then ${fault.name}`, processes: true };
}

/** The same fault, and the server never acts on the request. */
export function unprocessed(fault: Fault): Fault {
  return { ...fault, name: `unprocessed ${fault.name}`, processes: false };
}
