import { parseTime } from './time.ts'

export type Search = Readonly<Record<string, string>>

export interface TimeRange {
  /** As the URL and the API say it: `now-1h` or Unix ms. */
  readonly from: string
  readonly to: string
  readonly fromMs: number
  readonly toMs: number
}

export const defaultRange = { from: 'now-1h', to: 'now' } as const

/** All parameters of the URL are text, so that what the API takes and what a person types are the same. */
export function parseSearch(search: string): Search {
  return Object.fromEntries(new URLSearchParams(search))
}

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') params.set(key, String(value))
  }
  const text = params.toString().replaceAll('%2C', ',')
  return text === '' ? '' : `?${text}`
}

/** What applications are compared with, as the API takes it. */
export const compareKeys = ['compare', 'spread', 'zone'] as const

/** The part of the parameters that every link within the app keeps. */
export function timeSearch(search: Readonly<Record<string, unknown>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const key of ['from', 'to', ...compareKeys]) {
    const value = search[key]
    if (typeof value === 'string') kept[key] = value
  }
  return kept
}

export function resolveRange(search: Search, nowMs: number): TimeRange {
  const from = search['from'] ?? defaultRange.from
  const to = search['to'] ?? defaultRange.to
  const fromMs = parseTime(from, nowMs)
  const toMs = parseTime(to, nowMs)
  if (fromMs === undefined || toMs === undefined || fromMs >= toMs) {
    return { ...defaultRange, fromMs: nowMs - 3_600_000, toMs: nowMs }
  }
  return { from, to, fromMs, toMs }
}

/** Comma-separated lists in parameters: which values are chosen. */
export function listOf(value: string | undefined): string[] {
  return value === undefined || value === '' ? [] : value.split(',').filter((one) => one !== '')
}

/** Adds the value, or takes it away where it is chosen already. */
export function toggleInList(value: string | undefined, item: string): string | undefined {
  const list = listOf(value)
  const next = list.includes(item) ? list.filter((one) => one !== item) : [...list, item]
  return next.length === 0 ? undefined : next.join(',')
}

/** Adds parameters to a path that may have some. */
export function withSearch(href: string, search: Readonly<Record<string, string>>): string {
  const text = stringifySearch(search).slice(1)
  return text === '' ? href : `${href}${href.includes('?') ? '&' : '?'}${text}`
}
