import type { Place } from './open-place.js';

/** What one process of the fleet is for. */
export type WorkerJob =
  /** Makes rows and puts them into the store; due one after the other from a moment on. */
  | {
      readonly role: 'fill';
      readonly place: Place;
      readonly from: number;
      readonly to: number;
      /** When the row of account 0 is due, and how far apart the others are. */
      readonly dueFrom: number;
      readonly dueEvery: number;
    }
  /** Renews as fast as it can; `scheduled`: as a service does, in the background. */
  | {
      readonly role: 'engine';
      readonly place: Place;
      readonly accounts: number;
      readonly connections: number;
      readonly scheduled: boolean;
    }
  | { readonly role: 'bare'; readonly place: Place; readonly connections: number }
  | { readonly role: 'peer'; readonly place: Place };

export type WorkerReport =
  | { readonly kind: 'filled'; readonly bodyBytes: number }
  | { readonly kind: 'ready'; readonly startMs: number; readonly memoryMb: number }
  | {
      readonly kind: 'measured';
      readonly renewals: number;
      readonly elapsedMs: number;
      /** Nothing was due any more: what was measured is how long waiting takes. */
      readonly ranDry: boolean;
      readonly requests: number;
      readonly claims: readonly { readonly ms: number; readonly rows: number }[];
      /** Account and moment of each renewal, one after the other. */
      readonly moments: readonly number[];
    };

export type WorkerOrder = 'go' | 'mark' | 'report';
