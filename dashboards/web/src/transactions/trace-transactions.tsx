import type { TraceTransactions as Answer } from '@binnacle/collector/api/entered-by'
import { useApi } from '../api.ts'
import { rangeAround } from '../traces/trace-links.tsx'
import { EnteredLink } from './entered-link.tsx'

interface Props {
  readonly traceId: string
  readonly startMs: number
}

/** The transactions that a trace is of, each leading to its dashboard around that time. */
export function TraceTransactions({ traceId, startMs }: Props) {
  const { data } = useApi<Answer>(`/traces/${encodeURIComponent(traceId)}/transactions`, {
    aroundMs: Math.round(startMs),
  })
  return data?.transactions.map((one) => (
    <span key={one.spanId}>
      transaction <EnteredLink entered={one} range={rangeAround(startMs)} />
    </span>
  ))
}
