import type { ApiCaller } from './api-caller.js';

/** What the story did, so that promises about it can be measured. Absent: it did not get there. */
export interface StoryFacts {
  /** Good tokens that the story had a server end. */
  refusalsProvoked: number;
  /** Callers that asked at once after a token had ended, and the refreshes that cost. */
  crowd?: { readonly callers: number; readonly answered: number; readonly refreshes: number };
  restart?: { readonly same: number; readonly accounts: number; readonly logins: number };
  sessions: { opened: number; rotations: number };
  readonly callers: readonly ApiCaller[];
}
