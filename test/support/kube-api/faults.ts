/**
 * What the fake API server can be told to do wrong, switched at run time. Each names what a real server, proxy or network
 * has been seen to do.
 */
export interface Faults {
  /** Answers requests whose path matches with this status, `times` times (for ever when absent). */
  fail(fault: {
    readonly match: RegExp
    readonly status: number
    readonly times?: number
    readonly retryAfterSeconds?: number
  }): void
  /** Removes every `fail`. */
  heal(): void
  /** Watches and watch-lists send bookmarks (default on). */
  bookmarks: boolean
  /** Watch-list is served (default on); off: 400, as servers without the feature answer `sendInitialEvents`. */
  watchList: boolean
  /** A watch-list's connection closes after so many initial events, before the end is told. */
  watchListDiesAfter: number | undefined
  /** Bodies travel in pieces of so many bytes: boundaries fall inside lines and characters. */
  chunkBytes: number | undefined
  /** Sends an ERROR event of this code on every open watch, and closes it. */
  errorOnWatches(code: number): void
  /** Ends every open watch in the middle of a line. */
  cutWatches(): void
  /** Ends every open watch properly, as a restart or a time-out does. */
  closeWatches(): void
  /** Open watches stay open and say nothing more. */
  silenceWatches(): void
  /** Resets every connection. */
  resetConnections(): void
  /** Forgets the watch history: resuming gets 410. */
  compact(): void
  /** etcd restored from a backup: versions go back. */
  rewind(by: bigint): void
  /** The bearer token that is valid from now on. */
  token: string | undefined
}

export interface ActiveFailure {
  readonly match: RegExp
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  times: number
}
