import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { timeSearch } from '../search-params.ts'
import { type TraceFilters, traceFiltersToSearch } from './trace-filters.ts'

interface TracesLinkProps {
  readonly filters: TraceFilters
  /** A narrower time than the page's. */
  readonly range?: { readonly fromMs: number; readonly toMs: number }
  /** The rows found shall open beside this trace. */
  readonly compare?: { readonly traceId: string; readonly startMs: number }
  readonly className?: string
  readonly children: ReactNode
}

/** To the rows behind a number: the traces that pass the filters, in the time range of the page. */
export function TracesLink({ filters, range, compare, className, children }: TracesLinkProps) {
  const search = {
    ...traceFiltersToSearch(filters),
    ...(range ? rangeSearch(range) : {}),
    ...(compare ? { compare: compare.traceId, compareAroundMs: String(Math.round(compare.startMs)) } : {}),
  }
  return (
    <Link
      to="/traces"
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...search })}
      className={className}
    >
      {children}
    </Link>
  )
}

interface TraceLinkProps {
  readonly traceId: string
  /** A time within the trace, so that the look-up is bounded. */
  readonly aroundMs?: number
  readonly spanId?: string
  readonly children: ReactNode
}

export function TraceLink({ traceId, aroundMs, spanId, children }: TraceLinkProps) {
  const search = {
    ...(aroundMs === undefined ? {} : { aroundMs: String(Math.round(aroundMs)) }),
    ...(spanId === undefined ? {} : { span: spanId }),
  }
  return (
    <Link
      to="/traces/$traceId"
      params={{ traceId }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...search })}
    >
      {children}
    </Link>
  )
}

interface CompareLinkProps {
  readonly traceId: string
  readonly aroundMs: number
  /** The other trace; without it a typical one. */
  readonly other?: { readonly traceId: string; readonly startMs: number }
  readonly className?: string
  readonly children: ReactNode
}

export function CompareLink({ traceId, aroundMs, other, className, children }: CompareLinkProps) {
  const search = compareSearch({ aroundMs, other })
  return (
    <Link
      to="/traces/$traceId/compare"
      params={{ traceId }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...search })}
      className={className}
    >
      {children}
    </Link>
  )
}

export function compareSearch(of: {
  readonly aroundMs: number
  readonly other: { readonly traceId: string; readonly startMs: number } | undefined
}): Record<string, string> {
  const { aroundMs, other } = of
  return {
    aroundMs: String(Math.round(aroundMs)),
    ...(other ? { with: other.traceId, withAroundMs: String(Math.round(other.startMs)) } : {}),
  }
}

/** How far around a moment the pages of pods and transactions look. */
const aroundMarginMs = 15 * 60_000

/** The pod's side panel, in the time around a moment, or in the time range of the page. */
export function PodLink(props: {
  readonly clusterId: string
  /** Its uid, or `namespace/name`. */
  readonly pod: string
  readonly atMs?: number
  readonly children: ReactNode
}) {
  const { clusterId, pod, atMs } = props
  const range = atMs === undefined ? {} : rangeAround(atMs)
  return (
    <Link
      to="/clusters/$clusterId/pods"
      params={{ clusterId }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...range, pod })}
    >
      {props.children}
    </Link>
  )
}

/** The time range around a moment. */
export function rangeAround(atMs: number): { from: string; to: string } {
  return rangeSearch({ fromMs: atMs - aroundMarginMs, toMs: atMs + aroundMarginMs })
}

export function rangeSearch({ fromMs, toMs }: { fromMs: number; toMs: number }): {
  from: string
  to: string
} {
  return { from: String(Math.floor(fromMs)), to: String(Math.ceil(toMs)) }
}
