import { assert } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'

/** Something that waits to be written with others. */
export interface Entry {
  readonly namespace: string
  readonly items: number
  /** Its size in the batch, at least roughly. */
  readonly bytes: number
  /** Somebody who can send it again waits for the answer. Absent: it exists only here. */
  readonly answer?: ((answer: EntryAnswer) => void) | undefined
}

export type EntryAnswer =
  | { readonly type: 'kept' }
  | { readonly type: 'failed'; readonly message: string }
  /** Its namespace is no longer collected. */
  | { readonly type: 'dropped' }

/** Undefined: kept. A text: why not. */
export type WriteResult = string | undefined

/**
 * The memory of one lane: entries of a window become one batch.
 *
 * - A batch is written after `windowMs`, or as soon as `batchBytesMax` or `batchEntriesMax` are there. One batch is
 *   written at a time; what comes meanwhile forms the next.
 * - At `memoryBytesMax`: an entry with an answer is refused (`reject`: its sender keeps it and comes again); of entries
 *   without one the oldest goes (`drop-oldest`, reason `memory-full`).
 * - A batch that cannot be written: entries with an answer are refused, the others stay at the front and are tried again
 *   after `retryMs`.
 */
export interface MemoryLane<E extends Entry> {
  add(entry: E): void
  /** Undefined: less than half of the memory is taken; else resolves when that is so again, or the lane closes. */
  room(): Promise<void> | undefined
  /** Removes what waits of a namespace. */
  drop(matches: (entry: E) => boolean): void
  /** Waiting and being written. */
  entries(): readonly E[]
  bytes(): number
  /** Writes everything now; what cannot be written is dropped (reason `shutdown`). */
  close(): Promise<void>
}

export type EntryLossReason = 'memory-full' | 'scope-stopped' | 'shutdown'

export interface MemoryLaneDeps<E extends Entry> {
  readonly clock: Clock
  readonly write: (entries: readonly E[]) => Promise<WriteResult>
  readonly onLoss: (entry: E, reason: EntryLossReason) => void
}

export interface MemoryLaneConfig {
  /** Asked for each batch. */
  readonly windowMs: () => number
  readonly batchBytesMax: number
  readonly batchEntriesMax: number
  readonly memoryBytesMax: number
  readonly retryMs: number
}

export function createMemoryLane<E extends Entry>(
  deps: MemoryLaneDeps<E>,
  config: MemoryLaneConfig,
): MemoryLane<E> {
  const { clock, write, onLoss } = deps
  let waiting: E[] = []
  let writing: readonly E[] = []
  let bytes = 0
  let waitingBytes = 0
  let window = new AbortController()
  let retrying = new AbortController()
  let flushing: Promise<void> | undefined
  let closing = false
  let room: PromiseWithResolvers<void> | undefined

  const isFull = () => waitingBytes >= config.batchBytesMax || waiting.length >= config.batchEntriesMax

  function add(entry: E): void {
    assert(!closing, 'nothing is added to a closed batch lane')
    if (bytes + entry.bytes > config.memoryBytesMax && !makeRoom(entry)) return
    waiting.push(entry)
    bytes += entry.bytes
    waitingBytes += entry.bytes
    if (isFull()) window.abort()
    flushing ??= flush()
  }

  /** False: the entry itself was refused or dropped. */
  function makeRoom(entry: E): boolean {
    if (entry.answer) {
      entry.answer({ type: 'failed', message: 'the memory for batches is full' })
      return false
    }
    while (bytes + entry.bytes > config.memoryBytesMax) {
      const oldest = waiting.find((one) => !one.answer)
      onLoss(oldest ?? entry, 'memory-full')
      if (!oldest) return false
      remove(oldest)
    }
    return true
  }

  function remove(entry: E): void {
    waiting.splice(waiting.indexOf(entry), 1)
    free(entry.bytes)
    waitingBytes -= entry.bytes
  }

  const hasRoom = () => closing || bytes <= config.memoryBytesMax / 2

  function free(freed: number): void {
    bytes -= freed
    if (!room || !hasRoom()) return
    room.resolve()
    room = undefined
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      window = new AbortController()
      if (!isFull() && !closing) await clock.sleep(config.windowMs(), window.signal)
      else await undefined // It must not run to its end inside the `add` that starts it.
      const batch = takeBatch()
      if (batch.length === 0) continue
      writing = batch
      const failure = await write(batch)
      writing = []
      if (failure === undefined) kept(batch)
      else await failed(batch, failure)
    }
    flushing = undefined
  }

  function takeBatch(): E[] {
    let batchBytes = 0
    let count = 0
    for (const entry of waiting) {
      const fits = batchBytes + entry.bytes <= config.batchBytesMax && count < config.batchEntriesMax
      if (count > 0 && !fits) break
      batchBytes += entry.bytes
      count++
    }
    waitingBytes -= batchBytes
    return waiting.splice(0, count)
  }

  function kept(batch: readonly E[]): void {
    for (const entry of batch) {
      free(entry.bytes)
      entry.answer?.({ type: 'kept' })
    }
  }

  async function failed(batch: readonly E[], message: string): Promise<void> {
    for (const entry of batch) {
      if (entry.answer || closing) free(entry.bytes)
      if (!entry.answer && closing) onLoss(entry, 'shutdown')
      entry.answer?.({ type: 'failed', message })
    }
    if (closing) return
    const ours = batch.filter((entry) => !entry.answer)
    waiting = [...ours, ...waiting]
    waitingBytes += ours.reduce((sum, entry) => sum + entry.bytes, 0)
    retrying = new AbortController()
    await clock.sleep(config.retryMs, retrying.signal)
  }

  return {
    add,
    room() {
      if (hasRoom()) return undefined
      room ??= Promise.withResolvers()
      return room.promise
    },
    drop(matches) {
      for (const entry of waiting.filter(matches)) {
        remove(entry)
        onLoss(entry, 'scope-stopped')
        entry.answer?.({ type: 'dropped' })
      }
    },
    entries: () => [...writing, ...waiting],
    bytes: () => bytes,
    async close() {
      closing = true
      free(0)
      window.abort()
      retrying.abort()
      await flushing
    },
  }
}
