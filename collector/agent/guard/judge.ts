import type { Crash, PodRun } from './pod-run.ts'

/** Ends with an error that make a crash loop: fewer are what an application does that waits for another one. */
const crashesMin = 3
/** An image that cannot be had for so long is not on its way. */
const imagePatienceMs = 60_000

export interface Case {
  /** The pod that may be reason to switch injection off for its workload. */
  readonly pod: PodRun
  /** The others of its workload that are there. */
  readonly others: readonly PodRun[]
  /** Variants of which a pod ran well and is gone. */
  readonly ranWell: ReadonlySet<string>
  readonly nowMs: number
  /** From the start of a pod on, in which crashes count; a pod that lived through it runs well. */
  readonly windowMs: number
}

/**
 * Whether injection is to be switched off for the workload of a pod, and why; undefined: it is not.
 *
 * - What brings the instrumentation fails by itself: yes, the application cannot start because of us.
 * - The pod crash-loops within the window, while a pod of the same workload with something else injected, or nothing, runs
 *   well or did so until it made way: yes.
 * - No such pod is known, as with a new workload: no. It may well be the application that does not start, and we cannot tell.
 * - The same was injected into a pod of the workload that does not crash, or others crash as well: no, something else is wrong.
 */
export function judge({ pod, others, ranWell, nowMs, windowMs }: Case): string | undefined {
  const { variant, crash, startedMs } = pod
  if (variant === '' || !crash) return undefined
  if (crash.isOurs) return isHopeless(crash, startedMs) ? ourFault(pod, crash) : undefined
  if (crash.times < crashesMin || crash.atMs - startedMs > windowMs) return undefined
  const alike = others.filter((one) => one.variant === variant)
  const different = others.filter((one) => one.variant !== variant)
  if (ranWell.has(variant) || alike.some((one) => one.wellSinceMs > 0 && !one.crash)) return undefined
  if (different.some((one) => one.wellSinceMs === 0 && one.crash)) return undefined
  const witness = different.find((one) => runsWell(one, { nowMs, windowMs }))
  if (!witness && ![...ranWell].some((one) => one !== variant)) return undefined
  const crashing = [pod, ...alike.filter((one) => one.crash)].map(({ name }) => name)
  const compared = witness
    ? `${witness.name}, ${contentOf(witness)}, runs well`
    : 'pods without what is injected into them ran well before'
  const text = `${named(crashing)} crashed ${crash.times} times within ${seconds(crash.atMs - startedMs)} of its start: ${endOf(crash)}; ${compared}`
  return text.slice(0, reasonLengthMax)
}

export function runsWell(
  { wellSinceMs }: PodRun,
  { nowMs, windowMs }: { readonly nowMs: number; readonly windowMs: number },
): boolean {
  return wellSinceMs > 0 && nowMs - wellSinceMs >= windowMs
}

function isHopeless({ times, atMs }: Crash, startedMs: number): boolean {
  return times === 0 ? atMs - startedMs >= imagePatienceMs : times >= crashesMin
}

function ourFault({ name }: PodRun, crash: Crash): string {
  const what = crash.times === 0 ? `${crash.reason} ${crash.message}`.trim() : endOf(crash)
  return `${name} cannot start because of what brings the instrumentation: ${what}`.slice(0, reasonLengthMax)
}

const reasonLengthMax = 1_024

function endOf({ container, exitCode, reason, atMs }: Crash): string {
  const why = reason === '' || reason === 'Error' ? '' : ` (${reason})`
  return `container ${container} ended with exit code ${exitCode}${why} at ${new Date(atMs).toISOString().slice(0, 19)}Z`
}

function contentOf({ variant }: PodRun): string {
  return variant === '' ? 'into which nothing is injected' : 'with what was injected before'
}

const namesMax = 3

function named(names: readonly string[]): string {
  const more = names.length - namesMax
  return more > 0
    ? `${names.slice(0, namesMax).join(', ')} and ${more} more`
    : names.slice(0, namesMax).join(', ')
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1_000))} s`
}
