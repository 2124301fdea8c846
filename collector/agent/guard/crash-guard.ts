import type { JsonObject, KubeError } from '../../record/kube-api.ts'
import { errorText } from '../../std/assert.ts'
import { createBackoff } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { ProjectedPod } from '../derive/projections.ts'
import { judge, runsWell } from './judge.ts'
import { podRun } from './pod-run.ts'
import {
  emptyList,
  isSettled,
  keyOf,
  readList,
  type SwitchedOffList,
  type WorkloadName,
  withEntry,
  writeList,
} from './switched-off.ts'

/**
 * Switches injection off for workloads whose injected pods crash-loop (`judge`), by an entry in a ConfigMap that the webhook
 * reads: the one thing that the agent writes beside its Lease. It restarts nothing.
 *
 *   versions of pods ──▶ judge ──▶ pending ──▶ read, add, write where nobody wrote meanwhile ──▶ ConfigMap ──▶ webhook
 *                                                                                                  │
 *   findings of workloads ◀── onChange ◀── list ◀───────────── read again every 30 s ◀─────────────┘
 *
 * Every replica reads, as every replica knows the findings; the leader alone decides and writes. A list that somebody has
 * made unreadable is left alone, and health says so.
 *
 * Limits: `pendingMax` decisions wait to be written, more are decided again at the next crash; what ran well is remembered of
 * `workloadsMax` workloads, the one not noted for longest is forgotten.
 */
export interface CrashGuard {
  see(sight: PodSight): void
  /** Why new pods of the workload are not injected; undefined: they may be. */
  reasonOf(workload: WorkloadName): string | undefined
  run(signal: AbortSignal): Promise<void>
  status(): CrashGuardStatus
}

/** A version of a pod. */
export interface PodSight {
  readonly pod: ProjectedPod
  readonly previous: ProjectedPod | undefined
  readonly workload: WorkloadName
  readonly deleted: boolean
  /** All pods of the workload. */
  readonly siblings: () => readonly ProjectedPod[]
}

export interface CrashGuardStatus {
  readonly state: 'starting' | 'ok' | 'denied' | 'failing'
  /** Of the last failure, else ''. */
  readonly message: string
}

export interface CrashGuardDeps {
  readonly client: ConfigMapApi
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly isLeader: () => boolean
  /** What `reasonOf` says of these has changed; as `keyOf`. */
  readonly onChange: (workloads: ReadonlySet<string>) => void
  readonly onOutcome: (outcome: 'switched-off' | 'conflict' | 'left-out', times: number) => void
}

export interface ConfigMapApi {
  get(path: string, signal: AbortSignal): Promise<Answer>
  write(
    request: { readonly method: 'POST' | 'PUT'; readonly path: string; readonly body: JsonObject },
    signal: AbortSignal,
  ): Promise<Answer>
}
type Answer = { readonly type: 'object'; readonly object: JsonObject } | KubeError

export interface CrashGuardConfig {
  readonly namespace: string
  readonly configMap: string
  readonly windowMs: number
  readonly pollMs?: number
  readonly pendingMax?: number
  readonly workloadsMax?: number
}

interface Pending {
  readonly workload: WorkloadName
  readonly template: string
  readonly reason: string
  readonly atMs: number
}

/** Somebody else writes at the same time; more often than that it is no chance. */
const conflictsMax = 5

export function createCrashGuard(deps: CrashGuardDeps, config: CrashGuardConfig): CrashGuard {
  const { client, clock, random, log, isLeader, onChange, onOutcome } = deps
  const { namespace, configMap, windowMs, pollMs = 30_000, pendingMax = 100, workloadsMax = 5_000 } = config
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/configmaps`
  const pending = new Map<string, Pending>()
  /** By workload, the variants of which a pod ran well and is gone; in the order in which they were noted. */
  const ranWell = new Map<string, ReadonlySet<string>>()
  let list = emptyList
  let reasons: ReadonlyMap<string, string> = new Map()
  let status: CrashGuardStatus = { state: 'starting', message: '' }
  let wake = new AbortController()

  function note(key: string, variant: string): void {
    const variants = new Set(ranWell.get(key)).add(variant)
    ranWell.delete(key)
    // What is compared with is the newest that differs.
    ranWell.set(key, new Set([...variants].slice(-variantsMax)))
    if (ranWell.size > workloadsMax) ranWell.delete(ranWell.keys().next().value ?? '')
  }

  function take(next: SwitchedOffList): void {
    list = next
    const before = reasons
    reasons = new Map(next.entries.map((entry) => [keyOf(entry), textOf(entry)]))
    const changed = new Set(
      [...before.keys(), ...reasons.keys()].filter((key) => before.get(key) !== reasons.get(key)),
    )
    if (changed.size > 0) onChange(changed)
  }

  /** Reads the list and, where there is something to add, writes it. */
  async function round(signal: AbortSignal): Promise<CrashGuardStatus> {
    for (let conflicts = 0; conflicts < conflictsMax; conflicts++) {
      const answer = await client.get(`${path}/${encodeURIComponent(configMap)}`, signal)
      if (answer.type === 'error' && answer.status !== 404) return failed('read', answer)
      const present = answer.type === 'object' ? answer.object : undefined
      try {
        take(readList((present?.['data'] ?? {}) as JsonObject))
      } catch (error) {
        return { state: 'failing', message: `cannot use ${namespace}/${configMap}: ${errorText(error)}` }
      }
      // Another replica leads now: it sees the pods itself.
      if (!isLeader()) pending.clear()
      const due = [...pending].filter(([, one]) => !isSettled(list, one.workload, one.template))
      if (due.length === 0) {
        pending.clear()
        return { state: 'ok', message: '' }
      }
      const outcome = await add(due, present, signal)
      if (outcome.type === 'object') return { state: 'ok', message: '' }
      if (![404, 409].includes(outcome.status)) return failed('write', outcome)
      onOutcome('conflict', 1)
    }
    return {
      state: 'failing',
      message: `cannot write ${namespace}/${configMap}: others write it all the time`,
    }
  }

  async function add(
    due: readonly (readonly [string, Pending])[],
    present: JsonObject | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    let next = list
    let leftOut = 0
    for (const [, { workload, template, reason, atMs }] of due) {
      const entry = { ...workload, reason, at: `${new Date(atMs).toISOString().slice(0, 19)}Z` }
      const added = withEntry(next, { entry, template })
      next = added.list
      leftOut += added.leftOut
    }
    const data = { ...(present?.['data'] as JsonObject | undefined), ...writeList(next) }
    const answer = await client.write(
      present
        ? { method: 'PUT', path: `${path}/${encodeURIComponent(configMap)}`, body: { ...present, data } }
        : { method: 'POST', path, body: newConfigMap({ namespace, name: configMap, data }) },
      signal,
    )
    if (answer.type === 'error') return answer
    for (const [key, { workload, reason }] of due) {
      pending.delete(key)
      log.warn({ ...workload, reason }, 'injection is switched off for the workload')
    }
    onOutcome('switched-off', due.length)
    if (leftOut > 0) onOutcome('left-out', leftOut)
    take(next)
    return answer
  }

  function failed(verb: string, { status: code, message }: KubeError): CrashGuardStatus {
    const state = code === 403 ? 'denied' : 'failing'
    return { state, message: `cannot ${verb} the ConfigMap ${namespace}/${configMap}: ${message}` }
  }

  return {
    see({ pod, previous, workload, deleted, siblings }) {
      const nowMs = clock.nowMs()
      const key = keyOf(workload)
      const before = previous && podRun(previous)
      if (before && runsWell(before, { nowMs, windowMs })) note(key, before.variant)
      if (deleted || !isLeader() || pending.has(key) || pending.size >= pendingMax) return
      const run = podRun(pod)
      if (run.variant === '' || !run.crash || isSettled(list, workload, run.template)) return
      const reason = judge({
        pod: run,
        others: siblings()
          .filter(({ uid }) => uid !== pod.uid)
          .map(podRun),
        ranWell: ranWell.get(key) ?? new Set(),
        nowMs,
        windowMs,
      })
      if (reason === undefined) return
      pending.set(key, { workload, template: run.template, reason, atMs: nowMs })
      wake.abort()
    },
    reasonOf: (workload) => reasons.get(keyOf(workload)),
    async run(signal) {
      const backoff = createBackoff({ firstMs: 1_000, maxMs: pollMs, random })
      while (!signal.aborted) {
        wake = new AbortController()
        const before = status
        const now = await round(signal)
        if (signal.aborted) return
        status = now
        if (now.message !== '' && now.message !== before.message)
          log.warn(`the list of what is not injected: ${now.message}`)
        if (now.state === 'ok') backoff.reset()
        // A crash must not make a server that refuses be asked at once.
        if (now.state === 'ok') await clock.sleep(pollMs, AbortSignal.any([signal, wake.signal]))
        else await clock.sleep(backoff.nextMs(), signal)
      }
    },
    status: () => status,
  }
}

const variantsMax = 4

function textOf({ reason, at }: { readonly reason?: string; readonly at?: string }): string {
  return `${reason || 'by hand'}${at ? `; switched off at ${at}` : ''}`
}

function newConfigMap({
  namespace,
  name,
  data,
}: {
  readonly namespace: string
  readonly name: string
  readonly data: JsonObject
}): JsonObject {
  const labels = { 'app.kubernetes.io/managed-by': 'binnacle-agent' }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, labels }, data }
}
