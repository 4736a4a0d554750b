import type { IssuedTokens } from '@tokenkeep/core';
import type { ServerRequest } from '../../../server/server-request.js';
import type { Send } from './watched-call.js';

/** How one operation ended, and what was asked meanwhile. */
export interface Run<Result> {
  readonly name: string;
  readonly value: Result | undefined;
  /** What was thrown; `undefined` where nothing was. */
  readonly error: unknown;
  readonly threw: boolean;
  readonly sends: readonly Send[];
  readonly preliminary: readonly Send[];
  /** Requests that reached the server, whichever way. */
  readonly asked: readonly ServerRequest[];
}

/** How one of two grants ended, and what it sent. */
export interface Ended {
  readonly issued: IssuedTokens | undefined;
  readonly sends: readonly Send[];
}
