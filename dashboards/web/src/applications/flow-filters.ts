import type { FlowEdge, FlowNode } from '@binnacle/collector/api/applications'
import { backendFilters } from '../calls/call-filters.ts'
import type { TraceFilters } from '../traces/trace-filters.ts'

/** What a flow map is of: an application, one of its tiers with its neighbours, or a transaction that enters by the tier. */
export interface FlowScope {
  readonly application: string
  readonly tier?: string
  readonly transaction?: string
}

const ofTransaction = ({ tier, transaction }: FlowScope): TraceFilters =>
  transaction === undefined || tier === undefined ? {} : { entry: tier, transaction }

/** The traces behind a node: of a tier its own, of what sends no spans those that call it. */
export function nodeFilters(of: FlowScope, node: FlowNode): TraceFilters {
  return { ...filtersOfNode(of.application, node), ...ofTransaction(of) }
}

function filtersOfNode(application: string, { type, name, system }: FlowNode): TraceFilters {
  switch (type) {
    case 'tier':
      return { application, service: name }
    case 'client':
      return { application }
    default:
      // A tier of another application.
      return system === 'application' ? { application } : backendFilters(application, { type, system, name })
  }
}

/**
 * The traces behind an edge: those of the tier that was called, or of the caller where the callee sends no spans. A trace
 * passes when any of its spans does, so this is the nearest set that the search can name.
 */
export function flowFilters(of: FlowScope, edge: FlowEdge): TraceFilters {
  const tier = [edge.to, edge.from].find((id) => id.startsWith('tier:'))
  const filters = { application: of.application, ...ofTransaction(of) }
  return tier === undefined ? filters : { ...filters, service: tier.slice('tier:'.length) }
}
