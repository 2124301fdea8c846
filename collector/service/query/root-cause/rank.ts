import { type Blame, blame, tier } from './blame.ts'
import type { Cells, KubeCell } from './cells.ts'
import { medianOf } from './compare.ts'
import { placesOf, type Symptom, symptomsOf } from './symptoms.ts'
import { type UsageChange, usageChanges } from './usage.ts'

/** What may have caused the change of an application, the likeliest first. */
export interface Cause {
  /** `tier:NAME` or a backend, as the flow map names it. */
  readonly party: string
  /** Only to be compared with others of the same answer. */
  readonly score: number
  /** Of an average request, surely: ms more of its time, errors, and the share of it that took another way. */
  readonly addedMs: number
  readonly addedErrors: number
  readonly changedWay: number
  readonly blames: readonly Blame[]
  readonly usage: readonly UsageChange[]
  readonly kube: readonly KubeCell[]
}

export interface Change {
  readonly requests: number
  /** Requests a bucket, usually; of the window's own length. */
  readonly usualRequests: number
  readonly meanMs: number
  readonly usualMs: number
  readonly failed: number
  readonly usualFailed: number
}

/** One failed request in twenty weighs as much as requests that take twice the time. */
const errorsWeigh = 0.05
/** So does one in five that takes another way; if requests are not slower or fail, else that explains it. */
const waysWeigh = 0.2
/** More use of CPU is a reason, but not what users see; more memory only near its limit. */
const usageWeighs = 0.3
const memoryNearLimit = 0.8
const kubeWeighs = { error: 0.3, warning: 0.15, info: 0.05 } as const
const changeWeighs = 0.2
/** A pod that uses more, or a rollout, of a tier with which nothing is wrong: told, and far down. */
const withoutSymptoms = 0.3

export function rankCauses(cells: Cells): { readonly change: Change; readonly causes: Cause[] } {
  const change = changeOf(cells)
  const places = placesOf(cells)
  const requests =
    change.requests / cells.sampled.range || Math.max(1, ...places.map((place) => place.window.calls))
  const blames = blame(places, symptomsOf(places, requests), requests)
  const usage = usageChanges(
    cells.usage,
    cells.referenceUsage,
    change.usualRequests > 0 ? change.requests / change.usualRequests : 1,
  )
  const total = (types: readonly Symptom['type'][]) => impactOf(blames, types)
  const slower = total(['time', 'calls'])
  const failing = total(['errors'])
  const otherwise = total(['way'])
  const severity = {
    time: slower / (slower + (change.usualMs || 1)),
    errors: failing / (failing + errorsWeigh),
    way: otherwise / (otherwise + waysWeigh),
  }
  const unexplained = 1 - Math.max(severity.time, severity.errors)
  const parties = new Set([
    ...blames.map((one) => one.party),
    ...usage.map((one) => tier(one.service)),
    ...cells.kube.map((one) => tier(one.service)),
  ])
  const causes = [...parties].map((party): Cause => {
    const own = blames.filter((one) => one.party === party)
    const ownUsage = usage.filter((one) => tier(one.service) === party)
    const kube = cells.kube.filter((one) => tier(one.service) === party)
    const addedMs = impactOf(own, ['time', 'calls'])
    const addedErrors = impactOf(own, ['errors'])
    const changedWay = impactOf(own, ['way'])
    const symptoms =
      severity.time * share(addedMs, slower) +
      severity.errors * share(addedErrors, failing) +
      severity.way * unexplained * share(changedWay, otherwise)
    const reasons =
      usageWeighs * Math.max(0, ...ownUsage.filter(isPressing).map((one) => one.excess)) +
      Math.max(0, ...kube.map(kubeWeight))
    return {
      ...{
        party,
        score: symptoms + (symptoms > 0 ? 1 : withoutSymptoms) * reasons,
        addedMs,
        addedErrors,
        changedWay,
      },
      blames: own.filter((one) => one.impact > 0).sort((a, b) => b.impact - a.impact),
      usage: ownUsage,
      kube,
    }
  })
  return { change, causes: causes.filter((one) => one.score > 0).sort((a, b) => b.score - a.score) }
}

const isPressing = ({ resource, ofLimit = 0 }: UsageChange) =>
  resource === 'cpu' || ofLimit >= memoryNearLimit

const kubeWeight = (one: KubeCell) =>
  one.change === 'event'
    ? kubeWeighs[one.severity]
    : one.change === 'restart'
      ? kubeWeighs.error
      : changeWeighs

const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0)

function impactOf(blames: readonly Blame[], types: readonly Symptom['type'][]): number {
  return blames.filter((one) => types.includes(one.symptom.type)).reduce((sum, one) => sum + one.impact, 0)
}

function changeOf({ requests, referenceRequests, window, bucketMs, sampled }: Cells): Change {
  const sum = (of: 'calls' | 'failed') => requests.reduce((total, one) => total + one[of], 0)
  const usual = (of: 'calls' | 'failed') =>
    (medianOf(referenceRequests.map((one) => one[of])) * sampled.reference * (window.toMs - window.fromMs)) /
    bucketMs
  const calls = sum('calls')
  return {
    requests: calls * sampled.range,
    usualRequests: usual('calls'),
    meanMs: calls > 0 ? requests.reduce((total, one) => total + one.meanMs * one.calls, 0) / calls : 0,
    usualMs: medianOf(referenceRequests.map((one) => one.meanMs)),
    failed: sum('failed') * sampled.range,
    usualFailed: usual('failed'),
  }
}
