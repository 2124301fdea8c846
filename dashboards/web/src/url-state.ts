import { useNavigate, useSearch } from '@tanstack/react-router'
import { createContext, useContext, useMemo } from 'react'
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

export interface Refresh {
  readonly everyMs: number | false
  /** Grows with every refresh, so that relative times are computed anew. */
  readonly count: number
  setEveryMs(everyMs: number | false): void
  now(): void
}

export const RefreshContext = createContext<Refresh>({ everyMs: false, count: 0, setEveryMs() {}, now() {} })

export function useRefresh(): Refresh {
  return useContext(RefreshContext)
}

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

/** The part of the parameters that every link within the app keeps. */
export function timeSearch(search: Readonly<Record<string, unknown>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const key of ['from', 'to']) {
    const value = search[key]
    if (typeof value === 'string') kept[key] = value
  }
  return kept
}

export function useSearchParams(): Search {
  return useSearch({ strict: false }) as Search
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

/** The page's time range; a malformed one in a link falls back to the last hour. */
export function useTimeRange(): TimeRange {
  const { from, to } = useSearchParams()
  const { count } = useRefresh()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a refresh moves "now"
  return useMemo(
    () => resolveRange({ ...(from ? { from } : {}), ...(to ? { to } : {}) }, Date.now()),
    [from, to, count],
  )
}

/** Changes parameters of the current page; an undefined one is taken away. `replace` keeps typing out of the history. */
export function useSetSearch(): (
  change: Readonly<Record<string, string | undefined>>,
  options?: { replace?: boolean },
) => void {
  const navigate = useNavigate()
  return (change, options = {}) => {
    navigate({
      to: '.',
      search: (previous: Record<string, unknown>) => ({ ...previous, ...change }),
      replace: options.replace ?? false,
      resetScroll: false,
    })
  }
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
