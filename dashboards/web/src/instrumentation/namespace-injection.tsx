import type { ConfigurationNamespace } from '@binnacle/collector/api/agent-configuration'
import type { InjectionNamespace } from '@binnacle/collector/api/injection'
import { useClusterId } from '../clusters/cluster-frame.tsx'
import { ClusterLink } from '../clusters/cluster-link.tsx'
import { formatCount } from '../format.ts'

interface Props {
  readonly row: ConfigurationNamespace
  /** Undefined: it has no pods with it, and its agent does not watch it or it does not ask. */
  readonly counts: InjectionNamespace | undefined
}

/** What asks for a restart last, so that a click sorts it first. */
export function injectionRank(row: ConfigurationNamespace, counts: InjectionNamespace | undefined): number {
  return (asks(row) ? 1 : 0) + (counts && counts.restart > 0 ? 1 + counts.restart : 0)
}

const asks = ({ labels }: ConfigurationNamespace) => labels['binnacle.dev/inject'] === 'enabled'

/** Whether the namespace asks for injection, and how far its pods have it. */
export function NamespaceInjection({ row, counts }: Props) {
  const clusterId = useClusterId()
  if (!asks(row) && !counts) return <span className="quiet">off</span>
  const state = asks(row) ? 'on' : 'off'
  if (!counts) return row.selected ? state : `${state}, but not collected: not watched`
  const { injected, skipped, restart } = counts
  return (
    <ClusterLink clusterId={clusterId} path="/instrumentation" search={{ namespace: row.name }}>
      {`${state}: ${formatCount(injected)} injected`}
      {skipped > 0 && `, ${formatCount(skipped)} skipped`}
      {restart > 0 && <span className="warns">{`, ${formatCount(restart)} to restart`}</span>}
    </ClusterLink>
  )
}
