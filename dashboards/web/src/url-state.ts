import { useNavigate, useSearch } from '@tanstack/react-router'
import { createContext, useContext, useMemo } from 'react'
import { resolveRange, type Search, type TimeRange } from './search-params.ts'

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

export function useSearchParams(): Search {
  return useSearch({ strict: false }) as Search
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

/** The time range and what it is compared with, as parameters of the API. */
export function useComparedRange(): Readonly<Record<string, string | undefined>> {
  const { from, to } = useTimeRange()
  const { compare, spread, zone } = useSearchParams()
  return { from, to, compare, spread, zone }
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
