import type { Aspect, AspectId } from './comparison.ts'

/** Figures of a verdict in words: three digits, a unit, a space between them. */

const digits = (value: number): string =>
  value === 0
    ? '0'
    : Math.abs(value) >= 999.5
      ? String(Math.round(value))
      : String(Number(value.toPrecision(3)))

export const percentWords = (share: number): string => `${digits(share * 100)} %`

function durationWords(ms: number): string {
  if (ms < 0.9995) return `${digits(ms * 1000)} µs`
  return ms < 999.5 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`
}

function bytesWords(bytes: number): string {
  const power = Math.min(3, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)))
  return `${digits(bytes / 1024 ** power)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`
}

const cpuWords = (millicores: number) =>
  millicores < 999.5 ? `${digits(millicores)} mCPU` : `${digits(millicores / 1000)} CPU`

export const titles: Readonly<Record<AspectId, string>> = {
  p50: 'p50',
  p95: 'p95',
  p99: 'p99',
  errors: 'errors',
  exceptions: 'new exceptions',
  restarts: 'restarts',
  cpu: 'CPU of a pod',
  memory: 'memory of a pod',
}

export function valueWords(id: AspectId, value: number): string {
  switch (id) {
    case 'p50':
    case 'p95':
    case 'p99':
      return durationWords(value)
    case 'errors':
    case 'exceptions':
      return percentWords(value)
    case 'restarts':
      return `${digits(value)} per pod and hour`
    case 'cpu':
      return cpuWords(value)
    case 'memory':
      return bytesWords(value)
  }
}

/** p95 14.2 ms → 38.1 ms (+168 %) */
export function aspectWords({ id, a, b, change }: Aspect): string {
  if (!a || !b) return `${titles[id]} unknown`
  const isRatio = change && id !== 'errors' && id !== 'exceptions' && Math.abs(change.value) < 100
  const by = isRatio ? ` (${change.value < 0 ? '−' : '+'}${percentWords(Math.abs(change.value))})` : ''
  return `${titles[id]} ${valueWords(id, a.value)} → ${valueWords(id, b.value)}${by}`
}
