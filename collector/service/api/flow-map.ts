import type { FlowEdgeRow } from '../query/flow-map.ts'
import type { TierVersionRow } from '../query/operations.ts'
import { toRed } from './red.ts'
import type { ApplicationDashboard, FlowMap, FlowNode, Red } from './schema/applications.ts'

type Tier = ApplicationDashboard['tiers'][number]

/** The tiers of an application with their versions, from rows of whole tiers and of each version. */
export function toTiers(rows: readonly TierVersionRow[], minutes: number): Tier[] {
  return rows
    .filter((row) => row.whole)
    .map((whole) => ({
      service: whole.service,
      nodes: whole.nodes,
      red: toRed(whole, minutes),
      versions: rows
        .filter((row) => !row.whole && row.service === whole.service)
        .map(({ version, nodes, calls, errors, p95Ms }) => ({
          version,
          nodes,
          calls,
          errors,
          share: whole.calls === 0 ? 0 : calls / whole.calls,
          p95Ms,
        })),
    }))
}

interface WithUsual {
  readonly tier: (service: string, red: Red) => Red
  readonly edge: (edge: Pick<FlowEdgeRow, 'caller' | 'callee' | 'async'>, red: Red) => Red
}

/** Nodes and edges from the edge rows; a backend's figures are those of all its callers together. */
export function toFlowMap(
  rows: readonly FlowEdgeRow[],
  tierRows: readonly TierVersionRow[],
  minutes: number,
  withUsual: WithUsual = { tier: (_service, red) => red, edge: (_edge, red) => red },
): FlowMap {
  const edges = rows.filter((row) => row.grouped === 'edge')
  const tiers = new Map(toTiers(tierRows, minutes).map((tier) => [`tier:${tier.service}`, tier]))
  const ids = new Set([...tiers.keys(), ...edges.flatMap((edge) => [edge.caller, edge.callee])])
  const redOf = (id: string) =>
    toRed(
      rows.find((row) => row.grouped === 'callee' && row.callee === id) ??
        rows.find((row) => row.grouped === 'caller' && row.caller === id),
      minutes,
    )
  return {
    nodes: [...ids].sort().map((id) => {
      const tier = tiers.get(id)
      return {
        ...describeNode(id),
        nodes: tier?.nodes ?? 0,
        red: tier ? withUsual.tier(tier.service, tier.red) : redOf(id),
        versions: tier?.versions ?? [],
      }
    }),
    edges: edges.map((edge) => {
      const from = describeNode(edge.caller).id
      const to = describeNode(edge.callee).id
      return {
        id: `${from}>${to}${edge.async ? '~' : ''}`,
        from,
        to,
        async: edge.async,
        red: withUsual.edge(edge, toRed(edge, minutes)),
      }
    }),
  }
}

/** Reads the query's node ids: see FlowEdgeRow. */
export function describeNode(id: string): Pick<FlowNode, 'id' | 'type' | 'name' | 'system'> {
  const [type = '', system = '', ...rest] = id.split(':')
  switch (type) {
    case 'database':
    case 'queue':
      return { id: `backend:${system}:${rest.join(':')}`, type, name: rest.join(':') || system, system }
    case 'tier':
      return { id, type, name: id.slice('tier:'.length), system: '' }
    case 'external': {
      const name = id.slice('external:'.length)
      return { id, type, name, system: name.includes('/') ? 'application' : 'http' }
    }
    default:
      return { id, type: 'client', name: 'client', system: '' }
  }
}
