import type { FlowEdge, FlowMap, FlowNode, Red } from '@binnacle/collector/api/applications'
import { formatCount, formatDuration, formatPercent, formatRate } from '../format.ts'
import type { TraceFilters } from '../traces/trace-filters.ts'
import { TracesLink } from '../traces/trace-links.tsx'
import { BackendsLink, TierLink } from './application-links.tsx'
import { type FlowScope, flowFilters, nodeFilters } from './flow-filters.ts'
import { edgeLabel, nameOfId, nameOfNode } from './flow-label.ts'
import { healthOf } from './health.ts'
import { HealthBadge } from './health-badge.tsx'
import { VersionShares } from './version-shares.tsx'

interface Props {
  readonly map: FlowMap
  readonly of: FlowScope
  readonly id: string
  readonly onSelect: (id: string) => void
}

/** The name of the chosen node or edge; undefined where the map does not hold it. */
export function titleOfFlow(map: FlowMap, id: string): string | undefined {
  const node = map.nodes.find((one) => one.id === id)
  if (node) return nameOfNode(node)
  const edge = map.edges.find((one) => one.id === id)
  return edge && `${nameOfId(edge.from)} → ${nameOfId(edge.to)}`
}

export function FlowDetails({ map, of, id, onSelect }: Props) {
  const node = map.nodes.find((one) => one.id === id)
  const edge = map.edges.find((one) => one.id === id)
  if (node) return <NodeDetails map={map} of={of} node={node} onSelect={onSelect} />
  if (edge) return <EdgeDetails of={of} edge={edge} onSelect={onSelect} />
  return null
}

function NodeDetails({ map, of, node, onSelect }: Omit<Props, 'id'> & { readonly node: FlowNode }) {
  const incoming = map.edges.filter((edge) => edge.to === node.id)
  const outgoing = map.edges.filter((edge) => edge.from === node.id)
  return (
    <div className="flow-details">
      <p className="quiet">{describe(node)}</p>
      <RedFacts red={node.red} filters={nodeFilters(of, node)} />
      {node.type === 'tier' && (of.tier !== node.name || of.transaction !== undefined) && (
        <p>
          <TierLink application={of.application} tier={node.name}>
            Map and nodes of {node.name}
          </TierLink>
        </p>
      )}
      {isBackend(node) && (
        <p>
          <BackendsLink application={of.application} name={node.name}>
            Callers and transactions of {nameOfNode(node)}
          </BackendsLink>
        </p>
      )}
      {node.type === 'tier' && (
        <section>
          <h3>Versions, by share of calls</h3>
          <VersionShares service={node.name} versions={node.versions} />
        </section>
      )}
      <EdgeList title="Called by" edges={incoming} end="from" onSelect={onSelect} />
      <EdgeList title="Calls" edges={outgoing} end="to" onSelect={onSelect} />
    </div>
  )
}

function EdgeDetails({ of, edge, onSelect }: Omit<Props, 'id' | 'map'> & { readonly edge: FlowEdge }) {
  return (
    <div className="flow-details">
      <p className="quiet">
        {edge.async
          ? 'Asynchronous: times are those of the consumer.'
          : 'Synchronous: times are round trips as the caller saw them.'}
      </p>
      <RedFacts red={edge.red} filters={flowFilters(of, edge)} />
      <p className="flow-ends">
        <button type="button" className="button" onClick={() => onSelect(edge.from)}>
          {nameOfId(edge.from)}
        </button>
        <span aria-hidden="true">→</span>
        <button type="button" className="button" onClick={() => onSelect(edge.to)}>
          {nameOfId(edge.to)}
        </button>
      </p>
    </div>
  )
}

function RedFacts({ red, filters }: { readonly red: Red; readonly filters: TraceFilters }) {
  const facts: readonly (readonly [string, string])[] = [
    ['Calls', `${formatRate(red.callsPerMinute)} · ${formatCount(red.calls)}`],
    ['Errors', `${formatRate(red.errorsPerMinute)} · ${formatPercent(red.errorRatio)}`],
    ['Mean', formatDuration(red.meanMs)],
    ['p50', formatDuration(red.p50Ms)],
    ['p95', formatDuration(red.p95Ms)],
    ['p99', formatDuration(red.p99Ms)],
    ['Longest', formatDuration(red.maxMs)],
  ]
  const health = healthOf(red)
  return (
    <>
      <dl className="flow-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {health && (
        <p className="flow-health">
          <HealthBadge red={red} />
          <span className="quiet">{health.long}</span>
        </p>
      )}
      <p className="flow-links">
        <TracesLink filters={filters}>Traces</TracesLink>
        <TracesLink filters={{ ...filters, sort: 'slowest' }}>Slowest traces</TracesLink>
        <TracesLink filters={{ ...filters, status: 'error' }}>Traces with errors</TracesLink>
      </p>
    </>
  )
}

interface EdgeListProps {
  readonly title: string
  readonly edges: readonly FlowEdge[]
  readonly end: 'from' | 'to'
  readonly onSelect: (id: string) => void
}

function EdgeList({ title, edges, end, onSelect }: EdgeListProps) {
  if (edges.length === 0) return null
  return (
    <section>
      <h3>{title}</h3>
      <ul className="flow-edges">
        {edges.map((edge) => (
          <li key={edge.id}>
            <button type="button" onClick={() => onSelect(edge.id)}>
              <b>{nameOfId(edge[end])}</b> <span className="quiet">{edgeLabel(edge).join(' · ')}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** A tier of another application is none. */
const isBackend = ({ type, system }: FlowNode) =>
  type === 'database' || type === 'queue' || (type === 'external' && system !== 'application')

function describe(node: FlowNode): string {
  switch (node.type) {
    case 'tier':
      return node.nodes === 1 ? 'Tier with 1 node' : `Tier with ${formatCount(node.nodes)} nodes`
    case 'client':
      return 'Callers that send no spans: browsers, other systems, health checks.'
    case 'database':
      return `Database${node.system ? `, ${node.system}` : ''}, known by its callers' spans`
    case 'queue':
      return `Queue${node.system ? `, ${node.system}` : ''}, known by its callers' spans`
    case 'external':
      return "Another system, known by its callers' spans"
  }
}
