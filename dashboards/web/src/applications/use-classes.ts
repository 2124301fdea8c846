import type { Classes, Scorecard } from '@binnacle/collector/api/transactions'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { useTimeRange } from '../url-state.ts'

/** What a scorecard is of; what it is not of is ''. */
export interface ScorecardKey {
  readonly service: string
  readonly clusterId?: string
  readonly namespace?: string
  readonly pod?: string
}

/** Classes of the calls of each tier, or of each node; undefined until they are known. */
export function useClasses(
  application: string,
  by: 'tier' | 'node',
): (key: ScorecardKey) => Classes | undefined {
  const { from, to } = useTimeRange()
  const path = `/applications/${encodeURIComponent(application)}/scorecard`
  const { data } = useApi<Scorecard>(path, { from, to, by })
  return useMemo(() => {
    const known = new Map(data?.scorecards.map((one) => [keyOf(one), one.classes]))
    return (key) => known.get(keyOf(key))
  }, [data])
}

const keyOf = ({ service, clusterId = '', namespace = '', pod = '' }: ScorecardKey) =>
  JSON.stringify([service, clusterId, namespace, pod])
