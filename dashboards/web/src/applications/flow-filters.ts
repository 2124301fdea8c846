import type { FlowEdge, FlowNode } from '@binnacle/collector/api/applications'
import { backendFilters } from '../calls/call-filters.ts'
import type { TraceFilters } from '../traces/trace-filters.ts'

/** The traces behind a node: of a tier its own, of what sends no spans those that call it. */
export function nodeFilters(application: string, { type, name, system }: FlowNode): TraceFilters {
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
export function flowFilters(application: string, edge: FlowEdge): TraceFilters {
  const tier = [edge.to, edge.from].find((id) => id.startsWith('tier:'))
  return tier === undefined ? { application } : { application, service: tier.slice('tier:'.length) }
}
