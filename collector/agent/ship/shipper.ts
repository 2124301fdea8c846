import type { OtlpSignal } from '../../record/otlp.ts'
import { assertNever, errorText } from '../../std/assert.ts'
import { type Backoff, createBackoff } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Post, PostOutcome, ShipBody } from './post.ts'

/**
 * The last stage: one shipper a lane takes batches from the spool in order, sends them and acknowledges each when the
 * service has it. It never gives up: a batch leaves the lane delivered, or refused for good and set aside.
 *
 * ```
 *                    ┌── accepted ──────────────▶ acknowledge, shipped (+ rejected, by partial success)
 *  next ──▶ POST ────┼── retry ──▶ wait ──▶ POST (resend) …
 *                    └── refused ──▶ several parts? ── yes ──▶ POST each part, id `<batch id>.<index>`
 *                                              └────── no ──▶ poison file, rejected
 * ```
 *
 * - Up to `inFlightMax` batches are under way, started in order; 1 keeps the order of arrival too.
 * - All batches of a lane wait for one another's failures: one back-off a lane, which ends at the first success.
 * - Unreachable: 1 s → `reconnectMaxMs`, so that a restarted service is drained within seconds. Busy (429, 5xx, no answer
 *   in time): 1 s → `retryMaxMs`, or what Retry-After says. Unauthorized or a wrong address: every `retryMaxMs`.
 * - Parts of a namespace that opted out since they were written are left out of every attempt, also of the next one of a
 *   batch that is being tried; a batch of which nothing is left is acknowledged unsent.
 * - Memory: `inFlightMax` batches.
 */
export interface Shipper {
  /** Runs until the signal aborts; what is under way then stays in the spool. */
  run(signal: AbortSignal): Promise<void>
  state(): ShipperState
}

export interface ShipperState {
  readonly inFlight: number
  readonly lastSuccessMs: number | undefined
  /** Why the lane is waiting, until the next success. */
  readonly failure: { readonly message: string; readonly sinceMs: number } | undefined
}

export interface ShipBatch {
  readonly id: string
  readonly signal: OtlpSignal
  readonly parts: readonly ShipPart[]
  /** All parts together. */
  readonly packed: ShipBody
  /** The parts themselves, in order. */
  unpack(): Promise<readonly Uint8Array[]>
  readonly resend: boolean
  readonly writtenAtMs: number
}

export interface ShipPart {
  readonly items: number
  /** All of it is of this namespace; absent: of none. */
  readonly namespace?: string
}

export interface ShipDeps<Batch extends ShipBatch> {
  readonly source: {
    next(signal: AbortSignal): Promise<Batch | undefined>
    acknowledge(batch: Batch): void
  }
  readonly post: Post
  /** Keeps a refused request for a human; returns where. */
  readonly poison: {
    keep(one: {
      readonly id: string
      readonly signal: OtlpSignal
      readonly bytes: Uint8Array
    }): Promise<string>
  }
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  /** Whether what was written then may leave. Pending: not known yet, ask again. */
  readonly mayLeave: (namespace: string, writtenAtMs: number) => 'yes' | 'no' | 'pending'
  readonly onSettled: (settled: ShipSettled) => void
  readonly onAttempt: (outcome: PostOutcome['type']) => void
}

/** What became of the items of one request. */
export interface ShipSettled {
  readonly signal: OtlpSignal
  readonly shipped: number
  readonly rejected: number
  readonly reason: '' | 'partial-success' | 'refused'
  /** Left out: their namespace opted out. */
  readonly optedOut: number
}

export interface ShipConfig {
  readonly lane: string
  readonly inFlightMax: number
  readonly retryFirstMs: number
  readonly reconnectMaxMs: number
  readonly retryMaxMs: number
}

/** A service that asks for more is asked again after this. */
const retryAfterMaxMs = 300_000
const failureLogIntervalMs = 60_000
const scopePollMs = 250

export function createShipper<Batch extends ShipBatch>(deps: ShipDeps<Batch>, config: ShipConfig): Shipper {
  const { source, post, poison, clock, random, log, mayLeave, onSettled, onAttempt } = deps
  const { lane, inFlightMax, retryFirstMs: firstMs, reconnectMaxMs, retryMaxMs } = config
  const backoffs = {
    unreachable: createBackoff({ firstMs, maxMs: reconnectMaxMs, random }),
    busy: createBackoff({ firstMs, maxMs: retryMaxMs, random }),
    unauthorized: createBackoff({ firstMs: retryMaxMs, maxMs: retryMaxMs, random }),
    misrouted: createBackoff({ firstMs, maxMs: retryMaxMs, random }),
  } satisfies Record<(PostOutcome & { type: 'retry' })['cause'], Backoff>
  const inFlight = new Set<Promise<void>>()
  let notBeforeMs = 0
  let lastSuccessMs: number | undefined
  let failure: ShipperState['failure']
  let loggedMs = Number.NEGATIVE_INFINITY

  async function run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const batch = await source.next(signal)
      if (!batch) break
      const sending = deliver(batch, signal).then(() => {
        inFlight.delete(sending)
      })
      inFlight.add(sending)
      if (inFlight.size >= inFlightMax) await Promise.race(inFlight)
    }
    await Promise.all(inFlight)
  }

  async function deliver(batch: Batch, signal: AbortSignal): Promise<void> {
    const all = { parts: batch.parts, body: () => batch.packed, unpack: batch.unpack }
    const outcome = await send(batch, all, signal)
    if (outcome === 'aborted') return
    if (outcome.type === 'refused') {
      const settled = await deliverParts({ batch, message: outcome.message, signal })
      if (!settled) return
    }
    source.acknowledge(batch)
  }

  /** A refused batch: its parts one by one, so that one bad request costs only itself. False when aborted half way. */
  async function deliverParts(refused: {
    readonly batch: Batch
    readonly message: string
    readonly signal: AbortSignal
  }): Promise<boolean> {
    const { batch, signal } = refused
    const alone = batch.parts.length === 1
    const bodies = await batch.unpack()
    for (const [index, part] of batch.parts.entries()) {
      const body = bodies[index] ?? new Uint8Array()
      const one = { ...batch, id: alone ? batch.id : `${batch.id}.${index}` }
      const outcome = alone
        ? ({ type: 'refused', message: refused.message } as const)
        : await send(one, { parts: [part], body: () => plain(body), unpack: async () => [body] }, signal)
      if (outcome === 'aborted') return false
      if (outcome.type === 'refused') await setAside({ ...one, body, items: part.items }, outcome.message)
    }
    return true
  }

  /** Sends until the service has decided; what has opted out by then goes unsent. */
  async function send(
    one: ShipBatch,
    { parts, body: whole, unpack }: Sendable,
    signal: AbortSignal,
  ): Promise<PostOutcome | 'aborted'> {
    for (let resend = one.resend; ; resend = true) {
      while (!signal.aborted && clock.monotonicMs() < notBeforeMs)
        await clock.sleep(notBeforeMs - clock.monotonicMs(), signal)
      const left = await partsThatMayLeave(one, parts, signal)
      if (signal.aborted) return 'aborted'
      const items = itemsOf(left)
      const optedOut = itemsOf(parts) - items
      if (left.length === 0) {
        settle({ ...one, items, optedOut }, nothingSent)
        return nothingSent
      }
      const body = left.length === parts.length ? whole() : await bodyOf(left, parts, unpack)
      const outcome = await post({ id: one.id, signal: one.signal, body, resend }, signal)
      if (signal.aborted && outcome.type === 'retry') return 'aborted'
      onAttempt(outcome.type)
      switch (outcome.type) {
        case 'accepted':
          succeeded()
          settle({ ...one, items, optedOut }, outcome)
          return outcome
        case 'refused':
          succeeded()
          return outcome
        case 'retry':
          failed(outcome)
          break
        default:
          assertNever(outcome)
      }
    }
  }

  async function partsThatMayLeave(
    { writtenAtMs }: ShipBatch,
    parts: readonly ShipPart[],
    signal: AbortSignal,
  ): Promise<readonly ShipPart[]> {
    const verdict = ({ namespace }: ShipPart) =>
      namespace === undefined ? 'yes' : mayLeave(namespace, writtenAtMs)
    while (!signal.aborted && parts.some((part) => verdict(part) === 'pending'))
      await clock.sleep(scopePollMs, signal)
    return parts.filter((part) => verdict(part) === 'yes')
  }

  function succeeded(): void {
    if (failure) log.info({ lane, afterMs: clock.nowMs() - failure.sinceMs }, 'the service answers again')
    failure = undefined
    notBeforeMs = 0
    lastSuccessMs = clock.nowMs()
    loggedMs = Number.NEGATIVE_INFINITY
    for (const backoff of Object.values(backoffs)) backoff.reset()
  }

  function failed(outcome: PostOutcome & { readonly type: 'retry' }): void {
    failure = { message: outcome.message, sinceMs: failure?.sinceMs ?? clock.nowMs() }
    const now = clock.monotonicMs()
    // Batches that were under way together fail together: that is one failure.
    if (now < notBeforeMs) return
    const asked = outcome.afterMs === undefined ? undefined : Math.min(outcome.afterMs, retryAfterMaxMs)
    const delayMs =
      asked === undefined ? backoffs[outcome.cause].nextMs() : Math.round(asked * (1 + random() / 4))
    notBeforeMs = now + delayMs
    if (now - loggedMs < failureLogIntervalMs) return
    loggedMs = now
    log.warn({ lane, cause: outcome.message, retryMs: delayMs }, 'cannot ship: the spool keeps the data')
  }

  function settle(
    one: {
      readonly id: string
      readonly signal: OtlpSignal
      readonly items: number
      readonly optedOut: number
    },
    outcome: { readonly rejected: number; readonly message: string },
  ): void {
    const rejected = Math.min(outcome.rejected, one.items)
    const reason = rejected > 0 ? 'partial-success' : ''
    onSettled({ signal: one.signal, shipped: one.items - rejected, rejected, reason, optedOut: one.optedOut })
    if (rejected > 0)
      log.error(
        { lane, batch: one.id, rejected, cause: outcome.message },
        'the service rejected a part of a batch',
      )
    else if (outcome.message !== '')
      log.warn({ lane, batch: one.id, message: outcome.message }, 'the service warns')
  }

  async function setAside(
    one: {
      readonly id: string
      readonly signal: OtlpSignal
      readonly body: Uint8Array
      readonly items: number
    },
    message: string,
  ): Promise<void> {
    const path = await poison
      .keep({ id: one.id, signal: one.signal, bytes: one.body })
      .catch((error: unknown) => `nowhere: ${errorText(error)}`)
    onSettled({ signal: one.signal, shipped: 0, rejected: one.items, reason: 'refused', optedOut: 0 })
    log.error(
      { lane, batch: one.id, items: one.items, cause: message, path },
      'the service refused a batch for good',
    )
  }

  return { run, state: () => ({ inFlight: inFlight.size, lastSuccessMs, failure }) }
}

/** Parts with their bytes, together and one by one. */
interface Sendable {
  readonly parts: readonly ShipPart[]
  readonly body: () => ShipBody
  readonly unpack: () => Promise<readonly Uint8Array[]>
}

async function bodyOf(
  left: readonly ShipPart[],
  parts: readonly ShipPart[],
  unpack: Sendable['unpack'],
): Promise<ShipBody> {
  const bodies = await unpack()
  return plain(Buffer.concat(bodies.filter((_, index) => left.includes(parts[index] as ShipPart))))
}

const plain = (bytes: Uint8Array): ShipBody => ({ bytes, compression: 'identity' })

const nothingSent = { type: 'accepted', rejected: 0, message: '' } as const

function itemsOf(parts: readonly ShipPart[]): number {
  return parts.reduce((sum, part) => sum + part.items, 0)
}
