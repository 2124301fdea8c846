/**
 * What the fake API server can be told to do wrong, switched at run time. Each names what a real server, proxy or network
 * has been seen to do.
 */
export interface Faults {
  /** Answers requests whose `METHOD path` matches with this status, `times` times (for ever when absent). */
  fail(fault: {
    readonly match: RegExp
    readonly status: number
    readonly times?: number
    readonly retryAfterSeconds?: number
  }): void
  /** RBAC says no: 403 for this verb, resource (plural) and namespace; what is absent means any. Access reviews know it. */
  forbid(rule: AccessRule): void
  /** Takes one `forbid` back. */
  permit(rule: AccessRule): void
  /** Takes requests whose `METHOD path` matches and never answers them, as behind a half-open connection. */
  hang(fault: { readonly match: RegExp; readonly times?: number }): void
  /** Removes every `fail`, `forbid` and `hang`. */
  heal(): void
  /** Watches and watch-lists send bookmarks (default on); `before-close`: only when a watch times out or is closed. */
  bookmarks: boolean | 'before-close'
  /**
   * Watch-list is served (default on); off: 422, as servers without the feature answer `sendInitialEvents`; ignored: the
   * parameters are, so that the initial events come and nobody tells their end.
   */
  watchList: boolean | 'ignored'
  /** A watch-list's connection closes after so many initial events, before the end is told. */
  watchListDiesAfter: number | undefined
  /** A watch from before the history: HTTP 410, or 200 and an ERROR event as the watch cache does. */
  expiredAs: 'http' | 'stream'
  /** A watch from a version that is not there yet: 504, or it waits until the server gets there. */
  futureWatch: 'refuse' | 'wait'
  /** A watch that resumes tells of objects added meanwhile as MODIFIED. */
  modifiedFirst: boolean
  /** An empty list has `items: null`, as Go writes a nil slice. */
  nullLists: boolean
  /** The bodies of the next so many lists break off in the middle. */
  cutLists: number
  /** The next so many changes are told to no open watch: lost without a trace. */
  loseChanges: number
  /** Each watch event comes twice. */
  duplicateEvents: boolean
  /** Bodies of watches travel in pieces of so many bytes: boundaries fall inside lines and characters. */
  chunkBytes: number | undefined
  /** Lists come in drips. */
  drip: { readonly bytes: number; readonly everyMs: number } | undefined
  /** The server's clock against the one it was started with: creation times and the Date header. */
  clockSkewMs: number
  /** The bearer token that is valid from now on. */
  token: string | undefined
  /** Sends an ERROR event of this code on every open watch, and closes it. */
  errorOnWatches(code: number): void
  /** Ends every open watch in the middle of a line; `character`: in the middle of a UTF-8 character. */
  cutWatches(where?: 'line' | 'character'): void
  /** Sends a line that is no JSON on every open watch, which goes on. */
  garbleWatches(): void
  /** Ends every open watch properly, as a time-out does. */
  closeWatches(): void
  /** Open watches stay open and say nothing more. */
  silenceWatches(): void
  /** Sends the last so many changes again on every open watch: events out of date. */
  replay(changes: number): void
  /** Resets every connection. */
  resetConnections(): void
  /** Lists with resourceVersion=0 are served from a cache that stays as it is now, until `thawCache`. */
  freezeCache(): void
  thawCache(): void
  /** Forgets the watch history and continue tokens: resuming gets 410. */
  compact(): void
  /** Deletes events created longer ago than that, as the API server's TTL does: DELETED events that mean nothing. */
  expireEvents(olderThanMs: number): void
  /** Versions jump ahead, past 2^53 if need be. */
  skipVersions(by: bigint): void
  /** etcd restored from a backup: state and versions go back, as far as the history reaches. */
  rewind(by: bigint): void
  /** The process goes away, refuses connections for `downMs`, and comes back on the same port with the same objects. */
  restart(options?: { readonly downMs?: number; readonly rewindBy?: bigint }): Promise<void>
}

export interface AccessRule {
  readonly verb?: string
  readonly resource?: string
  readonly namespace?: string
}

export interface ActiveFailure {
  readonly match: RegExp
  /** Absent: no answer at all. */
  readonly status?: number
  readonly retryAfterSeconds?: number | undefined
  times: number
}

export interface AccessRequest {
  readonly verb: string
  readonly resource: string
  readonly namespace: string
}

/** A request as RBAC knows it. */
export interface Access extends AccessRequest {
  readonly group: string
  /** '': none, as of a list, or of a create, whose name is in the body. */
  readonly name: string
  /** Product of its User-Agent. */
  readonly client: string
}

export function isForbidden(rules: readonly AccessRule[], request: AccessRequest): boolean {
  return rules.some(
    ({ verb, resource, namespace }) =>
      (verb === undefined || verb === request.verb) &&
      (resource === undefined || resource === request.resource) &&
      (namespace === undefined || namespace === request.namespace),
  )
}
