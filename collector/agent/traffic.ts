import type { Clock } from '../std/clock.ts'
import type { Lane } from './metrics.ts'

/**
 * What is sent to the service, as bytes of a pod and hour: bytes over pod-hours of the last hour, or since the start while
 * that is shorter. Bytes are bodies of requests, compressed, resends too; without headers, TLS and reports of health.
 * Pods are counted whenever this is told or asked something; a minute (of 60 that are kept) is the finest it knows.
 */
export interface Traffic {
  sent(lane: Lane, bytes: number): void
  read(): TrafficReading
  /** As it was at most ten minutes ago: every change of a report costs a row. Undefined in the first minute. */
  reported(): TrafficReading | undefined
}

export interface TrafficReading {
  /** What the figures are of; `since start` until an hour has passed. */
  readonly over: 'last hour' | 'since start'
  readonly overMs: number
  /** Now, of collected namespaces. */
  readonly pods: number
  readonly bytes: number
  /** Undefined: there has been no pod for a minute yet. */
  readonly bytesPerPodHour: number | undefined
  readonly lanes: readonly {
    readonly lane: Lane
    readonly bytes: number
    readonly bytesPerPodHour: number | undefined
  }[]
}

interface Minute {
  readonly number: number
  readonly bytes: Map<Lane, number>
  podMs: number
  ms: number
}

const minuteMs = 60_000
const reportMs = 10 * minuteMs
const hourMs = 60 * minuteMs
const minutesMax = hourMs / minuteMs
const minuteAt = (ms: number) => Math.floor(ms / minuteMs)

export function createTraffic(clock: Pick<Clock, 'monotonicMs'>, pods: () => number): Traffic {
  const minutes: Minute[] = []
  let podsNow = 0
  const startedMs = clock.monotonicMs()
  let atMs = startedMs
  let reported: TrafficReading | undefined
  let reportedMs = Number.NEGATIVE_INFINITY

  /** Gives the time since the last look to its minutes, with the pods of then; returns the minute of now. */
  function advance(): Minute {
    const nowMs = clock.monotonicMs()
    atMs = Math.max(atMs, nowMs - hourMs) // What a longer gap had is over.
    while (minuteAt(atMs) < minuteAt(nowMs)) pass((minuteAt(atMs) + 1) * minuteMs)
    const minute = pass(nowMs)
    podsNow = pods()
    return minute
  }

  function pass(untilMs: number): Minute {
    const minute = minuteOf(minuteAt(atMs))
    minute.ms += untilMs - atMs
    minute.podMs += (untilMs - atMs) * podsNow
    atMs = untilMs
    return minute
  }

  function minuteOf(number: number): Minute {
    const last = minutes.at(-1)
    if (last?.number === number) return last
    const minute = { number, bytes: new Map(), podMs: 0, ms: 0 }
    minutes.push(minute)
    // Sixty full ones, and the one that goes on.
    while ((minutes[0]?.number ?? number) < number - minutesMax) minutes.shift()
    return minute
  }

  function read(): TrafficReading {
    advance()
    const overMs = minutes.reduce((sum, { ms }) => sum + ms, 0)
    const podHours = minutes.reduce((sum, { podMs }) => sum + podMs, 0) / hourMs
    const sums = new Map<Lane, number>()
    for (const { bytes } of minutes)
      for (const [lane, one] of bytes) sums.set(lane, (sums.get(lane) ?? 0) + one)
    const per = (bytes: number) => (podHours * 60 < 1 ? undefined : bytes / podHours)
    const bytes = [...sums.values()].reduce((sum, one) => sum + one, 0)
    return {
      over: overMs >= hourMs ? 'last hour' : 'since start',
      overMs,
      pods: podsNow,
      bytes,
      bytesPerPodHour: per(bytes),
      lanes: [...sums].map(([lane, one]) => ({ lane, bytes: one, bytesPerPodHour: per(one) })),
    }
  }

  return {
    sent(lane, bytes) {
      const minute = advance()
      minute.bytes.set(lane, (minute.bytes.get(lane) ?? 0) + bytes)
    },
    read,
    reported() {
      const nowMs = clock.monotonicMs()
      if (nowMs - startedMs >= minuteMs && nowMs - reportedMs >= reportMs) {
        reported = read()
        // What is not known yet is looked at again.
        if (reported.bytesPerPodHour !== undefined) reportedMs = nowMs
      }
      return reported
    },
  }
}
