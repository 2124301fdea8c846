import type { TraceQuery } from '@binnacle/collector/api/routes'

/** What the trace search can be narrowed by: the query of the API without its time range and limit. */
export interface TraceFilters {
  readonly application?: string
  readonly service?: string
  readonly operation?: string
  readonly version?: string
  readonly pod?: string
  readonly namespace?: string
  readonly status?: 'error' | 'ok'
  readonly minMs?: number
  readonly maxMs?: number
  /** What a span calls, a queue, the route and method of an HTTP span. */
  readonly peer?: string
  readonly destination?: string
  readonly route?: string
  readonly method?: string
  /** The number of a database statement, of a group of exceptions. */
  readonly statement?: string
  readonly exception?: string
  /** The name of the transaction that began the trace, and the tier that it entered by. */
  readonly transaction?: string
  readonly entry?: string
  /** `key=value` pairs. */
  readonly attributes?: string
  readonly sort?: 'newest' | 'slowest'
}

const textKeys = [
  'application',
  'service',
  'operation',
  'version',
  'pod',
  'namespace',
  'peer',
  'destination',
  'route',
  'method',
  'statement',
  'exception',
  'transaction',
  'entry',
  'attributes',
] as const satisfies readonly (keyof TraceQuery & keyof TraceFilters)[]
const numberKeys = ['minMs', 'maxMs'] as const

/** Reads filters from a URL's parameters; what is unknown or malformed is left out, a shared link never fails. */
export function parseTraceFilters(search: Readonly<Record<string, unknown>>): TraceFilters {
  const { status, sort } = search
  return {
    ...Object.fromEntries(
      textKeys.flatMap((key) => {
        const value = search[key]
        const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
        return typeof text === 'string' && text.trim() ? [[key, text.trim()]] : []
      }),
    ),
    ...(status === 'error' || status === 'ok' ? { status } : {}),
    ...Object.fromEntries(
      numberKeys.flatMap((key) => {
        const value = search[key]
        const number = typeof value === 'string' && value.trim() ? Number(value) : value
        return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? [[key, number]] : []
      }),
    ),
    ...(sort === 'newest' || sort === 'slowest' ? { sort } : {}),
  }
}

/** The filters as URL parameters; `newest` is the default and not said. */
export function traceFiltersToSearch(filters: TraceFilters): Record<string, string> {
  const search: Record<string, string> = {}
  for (const key of [...textKeys, ...numberKeys, 'status', 'sort'] as const) {
    const value = filters[key]
    if (value !== undefined && value !== '' && value !== 'newest') search[key] = String(value)
  }
  return search
}

export interface FilterChip {
  /** What to do to remove it. */
  readonly without: TraceFilters
  readonly label: string
}

const isSingle = (key: (typeof textKeys)[number]) => key === 'transaction' || key === 'entry'

/** One chip a condition, with the filters that remain when it is taken away. */
export function filterChips(filters: TraceFilters): FilterChip[] {
  const chips: FilterChip[] = []
  for (const key of textKeys) {
    const value = filters[key]
    if (value === undefined) continue
    // Names of transactions may hold commas.
    const values = isSingle(key) ? [value] : value.split(',').filter(Boolean)
    for (const one of values) {
      const rest = values.filter((other) => other !== one).join(',')
      const excludes = key !== 'attributes' && !isSingle(key) && one.startsWith('!')
      const label =
        key === 'attributes' ? one : `${key} ${excludes ? 'is not' : 'is'} ${excludes ? one.slice(1) : one}`
      chips.push({ label, without: withFilter(filters, key, rest || undefined) })
    }
  }
  if (filters.status)
    chips.push({
      label: filters.status === 'error' ? 'with errors' : 'without errors',
      without: withFilter(filters, 'status', undefined),
    })
  if (filters.minMs !== undefined)
    chips.push({ label: `at least ${filters.minMs} ms`, without: withFilter(filters, 'minMs', undefined) })
  if (filters.maxMs !== undefined)
    chips.push({ label: `at most ${filters.maxMs} ms`, without: withFilter(filters, 'maxMs', undefined) })
  return chips
}

/** The filters with one condition set, or taken away (undefined). */
export function withFilter<Key extends keyof TraceFilters>(
  filters: TraceFilters,
  key: Key,
  value: TraceFilters[Key] | undefined,
): TraceFilters {
  const { [key]: _, ...rest } = filters
  return value === undefined ? rest : { ...rest, [key]: value }
}

/** The filters with one more `key=value` pair on span attributes. */
export function withAttribute(filters: TraceFilters, key: string, value: string): TraceFilters {
  const pairs = new Set([...(filters.attributes?.split(',') ?? []), `${key}=${value}`])
  return { ...filters, attributes: [...pairs].filter(Boolean).join(',') }
}
