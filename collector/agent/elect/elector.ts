import type { JsonObject, KubeError } from '../../record/kube-api.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { claimLease, type LeaseRecord, readLease, releaseLease } from './lease.ts'

/**
 * Which of several agents speaks for the cluster, by a Lease (the algorithm of client-go's leaderelection).
 *
 * ```
 *              nobody's, or unchanged for its duration              renewed within the deadline
 *   standby ──────────────────────────────────────────▶ leader ◀──────────────────────────────┐
 *      ▲                                                  │ └───────── every `retryMs` ────────┘
 *      └─ no renewal for `renewDeadlineMs`, or somebody ──┘
 *         else's name in it
 * ```
 *
 * - Only local clocks count. A standby measures the duration from when it saw the Lease change, never by the times in it.
 * - A leader counts its deadline from before it asked, and `isLeader` looks at the clock each time: one whose event loop
 *   stood still has lost the lead when it wakes up, before it has said anything. As the deadline is shorter than the
 *   duration, it is silent before another begins.
 * - Where the Lease is forbidden (403), every replica leads: repeated records collapse by their ids, missing ones do not
 *   come back. Health says so.
 */
export interface Elector {
  /** Takes part until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  isLeader(): boolean
  /** After `run` has ended: gives the Lease back, when it is ours. */
  release(): Promise<void>
  status(): ElectorStatus
}

export interface ElectorStatus {
  readonly state: 'starting' | 'leader' | 'standby' | 'denied' | 'failing'
  /** Who leads; '' when nobody does or it is not known. */
  readonly holder: string
  readonly transitions: number
  /** Of the last failure, else ''. */
  readonly message: string
}

export interface LeaseApi {
  get(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly type: 'object'; readonly object: JsonObject } | KubeError>
  write(
    request: { readonly method: 'POST' | 'PUT'; readonly path: string; readonly body: JsonObject },
    signal: AbortSignal,
  ): Promise<{ readonly type: 'object'; readonly object: JsonObject } | KubeError>
}

export interface ElectorDeps {
  readonly client: LeaseApi
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  /** We lead (called after each renewal). */
  readonly onLead: () => void
  /** Another one has just renewed: it is alive. */
  readonly onOtherLeads: () => void
}

export interface ElectorConfig {
  readonly namespace: string
  readonly name: string
  /** Of this process; no two may be equal. */
  readonly identity: string
  readonly leaseDurationMs?: number
  readonly renewDeadlineMs?: number
  readonly retryMs?: number
}

/** client-go's: replicas that start together do not ask together. */
const jitter = 0.2
/** While access is forbidden: somebody may grant it. */
const deniedRetryMs = 60_000

export function createElector(deps: ElectorDeps, config: ElectorConfig): Elector {
  const { client, clock, random, log, onLead, onOtherLeads } = deps
  const { namespace, name, identity } = config
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryMs = 2_000 } = config
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`
  const path = `${leases}/${encodeURIComponent(name)}`
  /** The Lease as we last saw it, and when it last changed before our eyes. */
  let seen: (LeaseRecord & { readonly changedAtMs: number }) | undefined
  /** When we asked for what made us the leader. */
  let renewedAtMs = Number.NEGATIVE_INFINITY
  let holding = false
  let denied = false
  let message = ''
  let started = false
  /** Somebody changed the Lease since we saw it. */
  let stale = false

  const claim = () => ({ namespace, name, identity, durationMs: leaseDurationMs, nowMs: clock.nowMs() })
  const isLeader = () => denied || (holding && clock.monotonicMs() - renewedAtMs < renewDeadlineMs)

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = isLeader()
      await attempt(signal)
      if (signal.aborted) return
      started = true
      if (isLeader() !== before)
        log.info({ identity, holder: seen?.holder, leads: !before }, 'the lead changes')
      await clock.sleep(waitMs(), signal)
    }
  }

  /**
   * A standby looks twice as often as a leader renews, so that it starts to count soon after the last renewal; and it looks
   * when the Lease runs out, not at the next round after it.
   */
  function waitMs(): number {
    if (denied) return deniedRetryMs
    if (isLeader()) return retryMs
    const round = (retryMs / 2) * (1 + random() * jitter)
    if (!seen || seen.holder === '') return round
    return Math.max(10, Math.min(round, seen.changedAtMs + seen.durationMs - clock.monotonicMs()))
  }

  async function attempt(signal: AbortSignal): Promise<void> {
    // Half of what a leader has: a request into the void leaves time for another one.
    const limited = AbortSignal.any([signal, AbortSignal.timeout(renewDeadlineMs / 2)])
    const askedAtMs = clock.monotonicMs()
    // A leader knows the Lease: one request renews it.
    if (!isLeader() || denied || stale || !seen) {
      const answer = await client.get(path, limited)
      if (signal.aborted) return
      if (answer.type === 'object') look(answer.object)
      else if (answer.status === 404) seen = undefined
      else return failed(answer, 'read')
      stale = false
      if (seen && isAnothers(seen)) return stand()
    }
    const answer = await client.write(
      seen
        ? { method: 'PUT', path, body: claimLease(claim(), seen) }
        : { method: 'POST', path: leases, body: claimLease(claim(), undefined) },
      limited,
    )
    if (signal.aborted) return
    // Somebody was faster: the next round sees who.
    stale = answer.type === 'error' && [404, 409].includes(answer.status)
    if (stale) return
    if (answer.type === 'error') return failed(answer, seen ? 'update' : 'create')
    look(answer.object)
    holding = true
    denied = false
    message = ''
    renewedAtMs = askedAtMs
    if (isLeader()) onLead()
  }

  function look(object: JsonObject): void {
    const record = readLease(object)
    const same = seen && seen.holder === record.holder && seen.renewTime === record.renewTime
    const news = seen !== undefined && !same
    seen = { ...record, changedAtMs: same && seen ? seen.changedAtMs : clock.monotonicMs() }
    if (news && record.holder !== '' && record.holder !== identity) onOtherLeads()
  }

  /** Held by another, and it may be alive. */
  function isAnothers({ holder, changedAtMs, durationMs }: NonNullable<typeof seen>): boolean {
    if (holder === '' || holder === identity) return false
    return clock.monotonicMs() < changedAtMs + durationMs
  }

  function stand(): void {
    holding = false
    denied = false
    message = ''
  }

  function failed(error: KubeError, verb: string): void {
    message = `cannot ${verb} the Lease ${namespace}/${name}: ${error.message}`
    const wasDenied = denied
    denied = error.status === 403
    if (denied && !wasDenied)
      log.warn(
        { identity, cause: error.message },
        'cannot take part in the election of a leader: every replica leads',
      )
    if (denied) onLead()
  }

  function stateNow(): ElectorStatus['state'] {
    if (denied) return 'denied'
    if (isLeader()) return 'leader'
    if (message !== '') return 'failing'
    return started ? 'standby' : 'starting'
  }

  return {
    run,
    isLeader,
    async release() {
      if (!holding) return
      holding = false
      const signal = AbortSignal.timeout(retryMs)
      // Read anew: the last renewal may have been cut off before its answer.
      const found = await client.get(path, signal)
      const present = found.type === 'object' ? readLease(found.object) : undefined
      if (present && present.holder !== identity) return
      const answer = present
        ? await client.write({ method: 'PUT', path, body: releaseLease(claim(), present) }, signal)
        : found
      if (answer.type === 'error')
        log.warn({ identity, cause: answer.message }, 'cannot give the lease back: it runs out')
      else log.info({ identity }, 'gave the lease back')
    },
    status: () => ({
      state: stateNow(),
      holder: isLeader() && !denied ? identity : (seen?.holder ?? ''),
      transitions: seen?.transitions ?? 0,
      message,
    }),
  }
}
