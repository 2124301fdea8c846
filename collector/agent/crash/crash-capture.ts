import type { CrashRecord, KubeRecord } from '../../record/kube.ts'
import type { KubeError, PodLogApi } from '../../record/kube-api.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { redactSecrets } from './redact.ts'

/**
 * Reads the last lines of containers that crashed: of the previous instance after a restart, of the present one when its pod
 * has failed for good. Needs the right `pods/log`; without it, it says so and asks again every few minutes.
 *
 * Limits and policies
 * - One request at a time, `gapMs` apart; a container at most once in `containerIntervalMs` (`limited`).
 * - `queueMax` crashes wait; the oldest goes (`drop-oldest`, `queue-full`).
 * - `lines` lines, the newest `bytesMax` bytes of them.
 * - The times of `rememberedMax` containers are kept.
 */
export interface CrashCapture {
  /** Takes every record that the pipeline emits; crashes among them are queued. */
  see(record: KubeRecord): void
  run(signal: AbortSignal): Promise<void>
  status(): CrashCaptureStatus
}

export interface CrashCaptureStatus {
  readonly state: 'ok' | 'denied' | 'failing'
  /** Of the last failure, else ''. */
  readonly message: string
}

/** `none`: the container has no previous instance any more. `gone`: its pod was deleted. `empty`: it wrote nothing. */
export type CrashOutcome =
  | 'captured'
  | 'empty'
  | 'none'
  | 'gone'
  | 'denied'
  | 'failed'
  | 'limited'
  | 'queue-full'

export interface CrashCaptureDeps {
  readonly client: PodLogApi
  readonly clock: Clock
  readonly log: Log
  readonly isSelected: (namespace: string) => boolean
  readonly emit: (record: KubeRecord) => void
  readonly onOutcome: (outcome: CrashOutcome) => void
}

export interface CrashCaptureConfig {
  readonly lines: number
  readonly bytesMax: number
  readonly containerIntervalMs?: number
  readonly gapMs?: number
  readonly queueMax?: number
  readonly rememberedMax?: number
  readonly deniedRetryMs?: number
}

type Crash = Omit<CrashRecord, 'lines' | 'truncated' | 'observedAtMs'> & { readonly previous: boolean }

/** A server counts bytes from the first of the lines, but the last ones matter: so much is read to have them. */
const readFactor = 8

export function createCrashCapture(
  { client, clock, log, isSelected, emit, onOutcome }: CrashCaptureDeps,
  {
    lines,
    bytesMax,
    containerIntervalMs = 60_000,
    gapMs = 200,
    queueMax = 64,
    rememberedMax = 2_000,
    deniedRetryMs = 300_000,
  }: CrashCaptureConfig,
): CrashCapture {
  const queue: Crash[] = []
  /** By container, in the order of the last capture. */
  const takenAtMs = new Map<string, number>()
  /** Namespaces without the right, and until when it is not asked for: with namespaced roles each has its own. */
  const deniedUntilMs = new Map<string, number>()
  let status: CrashCaptureStatus = { state: 'ok', message: '' }
  let wake = new AbortController()

  const isDenied = ({ namespace }: Crash) => (deniedUntilMs.get(namespace) ?? 0) > clock.monotonicMs()

  function offer(crash: Crash): void {
    if (isDenied(crash)) return onOutcome('denied')
    const key = `${crash.podUid}/${crash.container}`
    const takenAt = takenAtMs.get(key)
    if (takenAt !== undefined && clock.monotonicMs() - takenAt < containerIntervalMs)
      return onOutcome('limited')
    takenAtMs.delete(key)
    takenAtMs.set(key, clock.monotonicMs())
    if (takenAtMs.size > rememberedMax) takenAtMs.delete(takenAtMs.keys().next().value ?? '')
    queue.push(crash)
    if (queue.length > queueMax) {
      queue.shift()
      onOutcome('queue-full')
    }
    wake.abort()
  }

  async function capture(crash: Crash, signal: AbortSignal): Promise<CrashOutcome> {
    const { namespace, podName: pod, container, previous } = crash
    const limitBytes = bytesMax * readFactor
    const request = { namespace, pod, container, previous, limitBytes }
    let answer = await client.podLog({ ...request, tailLines: lines }, signal)
    // Long lines: the newest are missing, unless there are fewer.
    if (answer.type === 'text' && Buffer.byteLength(answer.text) >= limitBytes)
      answer = await client.podLog({ ...request, tailLines: Math.ceil(lines / readFactor) }, signal)
    if (answer.type === 'error') return failed(crash, answer)
    status = { state: 'ok', message: '' }
    const { text, truncated } = lastBytes(answer.text, bytesMax)
    if (text === '') return 'empty'
    // The namespace may have opted out while the answer was on its way.
    if (!isSelected(namespace)) return 'gone'
    const { previous: _, ...record } = crash
    emit({
      type: 'crash',
      record: { ...record, lines: redactSecrets(text), truncated, observedAtMs: clock.nowMs() },
    })
    return 'captured'
  }

  function failed({ namespace, podName, container }: Crash, error: KubeError): CrashOutcome {
    if (error.status === 404) return 'gone'
    // "previous terminated container … not found", or one that waits to start.
    if (error.status === 400) return 'none'
    if (error.status === 403) {
      deniedUntilMs.set(namespace, clock.monotonicMs() + deniedRetryMs)
      const message = `the agent may not read pods/log in namespace ${namespace}`
      if (status.state !== 'denied') log.warn(`cannot read the last lines of crashed containers: ${message}`)
      status = { state: 'denied', message }
      return 'denied'
    }
    status = {
      state: 'failing',
      message: `cannot read the log of ${namespace}/${podName} ${container}: ${error.message}`,
    }
    return 'failed'
  }

  return {
    see(record) {
      for (const crash of crashesOf(record)) offer(crash)
    },
    async run(signal) {
      while (!signal.aborted) {
        const crash = queue.shift()
        if (crash && isDenied(crash)) onOutcome('denied')
        else if (crash) {
          if (isSelected(crash.namespace)) onOutcome(await capture(crash, signal))
          await clock.sleep(gapMs, signal)
        } else {
          wake = new AbortController()
          await clock.sleep(3_600_000, AbortSignal.any([signal, wake.signal]))
        }
      }
    },
    status: () => status,
  }
}

/** A restart, or the containers of a pod that failed for good. */
function crashesOf(kube: KubeRecord): Crash[] {
  if (kube.type === 'change') {
    const { record } = kube
    if (record.change !== 'restart' || record.container === '') return []
    const { id, namespace, container, workloadKind, workloadName, version, timeMs, exitCode, reason } = record
    return [
      {
        ...{ id, namespace, container, workloadKind, workloadName, version, timeMs, exitCode, reason },
        podName: record.name,
        podUid: record.uid,
        previous: true,
      },
    ]
  }
  if (kube.type !== 'object') return []
  const { record } = kube
  if (record.kind !== 'Pod' || record.phase !== 'Failed' || record.deleted) return []
  const { namespace, workloadKind, workloadName, version } = record
  return record.containers
    .filter(({ state, exitCode }) => state === 'terminated' && exitCode !== undefined && exitCode !== 0)
    .map(({ name, exitCode, reason }) => ({
      ...{ namespace, workloadKind, workloadName, version, reason },
      id: `${record.uid}:failed:${name}`,
      podName: record.name,
      podUid: record.uid,
      container: name,
      timeMs: record.observedAtMs,
      exitCode: exitCode ?? 0,
      previous: false,
    }))
}

/** Whole lines, the newest, of at most as many bytes; of a single longer line its end. */
function lastBytes(text: string, bytesMax: number): { readonly text: string; readonly truncated: boolean } {
  const bytes = Buffer.from(text.trimEnd())
  if (bytes.length <= bytesMax) return { text: bytes.toString(), truncated: false }
  const tail = bytes.subarray(bytes.length - bytesMax).toString()
  const border = tail.indexOf('\n')
  // A cut character reads as U+FFFD.
  return { text: border < 0 ? tail.replace(/^\uFFFD+/, '') : tail.slice(border + 1), truncated: true }
}
