/** What goes wrong between a process and the store. Rates per call, 0 to 1. */
export interface StoreFaults {
  /** Refused at once; nothing was done. */
  refused: number;
  /** The request was lost on its way; the client gives up after `timeoutMs`. */
  requestLost: number;
  /** Done, and the acknowledgement was lost. */
  acknowledgementLost: number;
  /** Done much later than usual, after the client has given up. */
  late: number;
  /** Answered in seconds instead of milliseconds. */
  slow: number;
}

export const noStoreFaults: Readonly<StoreFaults> = Object.freeze({
  refused: 0,
  requestLost: 0,
  acknowledgementLost: 0,
  late: 0,
  slow: 0,
});
