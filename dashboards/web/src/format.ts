/** What stands for a missing value. Zero is "0" and never this. */
export const missing = '–'

type Maybe = number | null | undefined

function isMissing(value: Maybe): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value)
}

/** Three significant digits, no trailing zeros, never an exponent. */
export function threeDigits(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 999.5) return group(Math.round(value))
  if (size < 0.001) return value < 0 ? '> −0.001' : '< 0.001'
  return String(Number(value.toPrecision(3)))
}

function group(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

const thousands = ['', ' k', ' M', ' G', ' T']

/** 0.123, 12.3, 999, 1.23 k, 45.6 M. */
export function formatNumber(value: Maybe): string {
  if (isMissing(value)) return missing
  let power = 0
  let rest = value
  while (Math.abs(rest) >= 999.5 && power < thousands.length - 1) {
    rest /= 1000
    power += 1
  }
  return threeDigits(rest) + thousands[power]
}

/** Whole things are written out up to 9,999; beyond that three digits say enough. */
export function formatCount(value: Maybe): string {
  if (isMissing(value)) return missing
  return Number.isInteger(value) && Math.abs(value) < 10_000 ? group(value) : formatNumber(value)
}

export function formatRate(value: Maybe, unit = '/min'): string {
  if (isMissing(value)) return missing
  return unit.startsWith('/') ? formatNumber(value) + unit : `${formatNumber(value)} ${unit}`
}

/** Takes a ratio: 0.971 is 97.1 %. */
export function formatPercent(ratio: Maybe): string {
  if (isMissing(ratio)) return missing
  return `${threeDigits(ratio * 100)} %`
}

/** Takes ms; says µs, ms, s, min, h or d. */
export function formatDuration(ms: Maybe): string {
  if (isMissing(ms)) return missing
  if (ms < 0) return `−${formatDuration(-ms)}`
  if (ms === 0) return '0 ms'
  if (ms < 0.9995) return `${threeDigits(ms * 1000)} µs`
  if (ms < 999.5) return `${threeDigits(ms)} ms`
  if (ms < 59_950) return `${threeDigits(ms / 1000)} s`
  return twoUnits(ms, ' ')
}

/** How old something is, as kubectl says it: 45s, 12m, 5h3m, 2d4h. */
export function formatAge(ms: Maybe): string {
  if (isMissing(ms)) return missing
  if (ms < 60_000) return `${Math.max(0, Math.floor(ms / 1000))}s`
  const [big, small] = splitAge(ms)
  return big + small
}

function twoUnits(ms: number, space: string): string {
  const [big, small] = splitAge(ms)
  return [big, small]
    .filter((one) => one !== '')
    .map((one) => one.replace(/(\d)([a-z])/, `$1${space}$2`).replace(/m$/, 'min'))
    .join(space)
}

function splitAge(ms: number): [big: string, small: string] {
  const seconds = Math.floor(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  if (days >= 10) return [`${days}d`, '']
  if (days > 0) return [`${days}d`, part(hours % 24, 'h')]
  if (hours >= 10) return [`${hours}h`, '']
  if (hours > 0) return [`${hours}h`, part(minutes % 60, 'm')]
  return [`${minutes}m`, minutes < 10 ? part(seconds % 60, 's') : '']
}

function part(value: number, unit: string): string {
  return value === 0 ? '' : value + unit
}

/** 0 stands for never in the API. */
export function formatAgo(timeMs: Maybe, nowMs = Date.now()): string {
  if (isMissing(timeMs) || timeMs === 0) return 'never'
  const ageMs = nowMs - timeMs
  return ageMs < 1000 ? 'now' : `${formatAge(ageMs)} ago`
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function formatBytes(bytes: Maybe): string {
  if (isMissing(bytes)) return missing
  let power = 0
  let rest = bytes
  while (Math.abs(rest) >= 999.5 && power < binary.length - 1) {
    rest /= 1024
    power += 1
  }
  return `${threeDigits(rest)} ${binary[power]}`
}

/** Takes millicores; says `250 mCPU` or `1.5 CPU`. */
export function formatCpu(millicores: Maybe): string {
  if (isMissing(millicores)) return missing
  return Math.abs(millicores) < 999.5
    ? `${threeDigits(millicores)} mCPU`
    : `${threeDigits(millicores / 1000)} CPU`
}

/** A value in a unit of the API's charts and figures. */
export function formatValue(value: Maybe, unit: string): string {
  if (isMissing(value)) return missing
  switch (unit) {
    case 'ms':
      return formatDuration(value)
    case 's':
      return formatDuration(value * 1000)
    case 'By':
      return formatBytes(value)
    case 'mCPU':
      return formatCpu(value)
    case '%':
      return `${threeDigits(value)} %`
    case '×':
      return `${threeDigits(value)}×`
    case '1':
    case '':
      return formatCount(value)
    default:
      return unit.startsWith('1/') ? formatRate(value, unit.slice(1)) : `${formatCount(value)} ${unit}`
  }
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}

/** Local time of day. */
export function formatTime(timeMs: number): string {
  const date = new Date(timeMs)
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`
}

/** Local date and time; the date is left out today. */
export function formatDateTime(timeMs: Maybe, nowMs = Date.now()): string {
  if (isMissing(timeMs) || timeMs === 0) return missing
  const day = (ms: number) => {
    const date = new Date(ms)
    return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  }
  return day(timeMs) === day(nowMs) ? formatTime(timeMs) : `${day(timeMs)} ${formatTime(timeMs)}`
}

/** 1 pod, 2 pods. */
export function formatPlural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
