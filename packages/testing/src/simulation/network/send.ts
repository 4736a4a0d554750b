import type { Authority } from '../../server/authority.js';
import type { AuthorityAccount } from '../../server/authority-truth.js';
import type { FaultScript } from '../../server/faults/fault-script.js';
import type { Reply } from '../../server/reply.js';
import type { LogEntry, Operation } from '../../server/request-log.js';
import type { SimProcess } from '../host/sim-process.js';
import type { NetworkFault } from './network-fault.js';

export type AnyAuthority = Authority<AuthorityAccount>;

/** One request of a process, from its first byte on. Filled in as it goes on. */
export interface Send {
  readonly process: SimProcess;
  readonly server: SimServer;
  readonly operation: Operation;
  /** The server's name for the account, where the request shows it. */
  readonly accountId: string | undefined;
  /** The token set whose token was presented. */
  readonly presentedGeneration: number | undefined;
  /** When its first byte left, true ms since the beginning. */
  readonly sentAt: number;
  readonly fault: NetworkFault | undefined;
  /** What the server made of it, once it has. */
  entry?: LogEntry;
  /** The status the process read, once it has. */
  readStatus?: number;
  /** How long the reply asked to be left alone, ms. */
  retryAfterMs?: number;
  /** What it read was what the server had said. */
  readHonestly?: boolean;
  /** How often its process had been held by then, -1 if it just was; a change means: afterwards. */
  readonly timesHeldAtSend: number;
  /** The process waits for it no longer: it was answered, or has failed. */
  isOver?: boolean;
}

/** A fault of the network, or what the server says instead of acting on the request. */
export type ScriptedTrouble = NetworkFault | Reply;

export interface SimServer {
  readonly origin: string;
  readonly authority: AnyAuthority;
  /** What goes wrong with single requests, on command. */
  readonly faults: FaultScript<ScriptedTrouble>;
  /** Nobody reaches it. */
  isDown: boolean;
  /** It acts on requests, and garbles what it says. */
  garble?: ((reply: Reply) => Reply) | undefined;
}

export interface NetworkWatcher {
  /** A connection to a server is asked for, whether or not it comes about. */
  connecting?(process: SimProcess, server: SimServer): void;
  /** The first byte of a request to a token endpoint leaves. */
  sent?(send: Send): void;
  /** The server has acted on it. */
  processed?(send: Send, entry: LogEntry): void;
  /** The process has read the reply. */
  read?(send: Send): void;
}
