import type { FlowEdge, FlowNode } from '@binnacle/collector/api/applications'
import type { TraceFilters } from '../traces/trace-filters.ts'

/** The traces behind a tier; other nodes send no spans of their own, their callers' traces stand for them. */
export function nodeFilters(application: string, node: FlowNode): TraceFilters {
  return node.type === 'tier' ? { application, service: node.name } : { application }
}

/**
 * The traces behind an edge: those of the tier that was called, or of the caller where the callee sends no spans. A trace
 * passes when any of its spans does, so this is the nearest set that the search can name.
 */
export function flowFilters(application: string, edge: FlowEdge): TraceFilters {
  const tier = [edge.to, edge.from].find((id) => id.startsWith('tier:'))
  return tier === undefined ? { application } : { application, service: tier.slice('tier:'.length) }
}
