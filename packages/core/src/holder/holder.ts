/**
 * Who holds a claim: this process, named so that another one can tell whether it still lives.
 */
export interface Holder {
  /** Unique per engine; stored with claims and attempts. */
  readonly id: string;
  /** It stands for a process other than the real one, so several of them may keep one account. */
  readonly isSimulated?: true;
  /**
   * Whether the process behind another holder's id provably no longer runs: same machine, same
   * process namespace, and gone. `false` means "cannot tell".
   */
  isGone(id: string): boolean;
  /**
   * Whether this machine, by its name, has been booted since that holder lived. Machines that were
   * copied share a name: it says enough about files of a folder, and nothing about a claim.
   */
  isOfEarlierBoot?(id: string): boolean;
}
