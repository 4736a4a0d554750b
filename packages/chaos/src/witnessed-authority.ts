import {
  AuthRefreshAuthority,
  type LogEntry,
  type Operation,
  type RequestFacts,
  type ServerRequest,
} from '@tokenkeep/testing';

/** The header by which an engine of the run says which attempt a request belongs to. */
export const ATTEMPT_HEADER = 'x-attempt-id';

interface AttemptFacts extends RequestFacts {
  readonly attemptId?: string;
}

/** One request, and the engine's attempt that sent it. */
export type WitnessedEntry = LogEntry & AttemptFacts;

/** An account server whose log names the attempt behind each request. */
export class WitnessedAuthority extends AuthRefreshAuthority {
  get entries(): readonly WitnessedEntry[] {
    return this.log.entries;
  }

  protected override identify(request: ServerRequest, operation: Operation): AttemptFacts {
    const attemptId = request.headers[ATTEMPT_HEADER];
    const facts = super.identify(request, operation);
    return typeof attemptId === 'string' ? { ...facts, attemptId } : facts;
  }
}
