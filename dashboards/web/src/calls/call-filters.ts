import type { BackendRow } from '@binnacle/collector/api/backends'
import type { EndpointRow } from '@binnacle/collector/api/endpoints'
import type { TraceFilters } from '../traces/trace-filters.ts'

/** The traces behind a backend: by what their client spans call; a queue by its destination. */
export function backendFilters(
  application: string,
  { type, system, name }: Pick<BackendRow, 'type' | 'system' | 'name'>,
): TraceFilters {
  if (name === '' || name === 'unknown host') return { application }
  return type === 'queue' && system !== 'rabbitmq'
    ? { application, destination: name }
    : { application, peer: name }
}

/** The traces behind an endpoint. Without a route it is named by its operation. */
export function endpointFilters(
  application: string,
  { service, protocol, method, name }: Pick<EndpointRow, 'service' | 'protocol' | 'method' | 'name'>,
): TraceFilters {
  const of = { application, service }
  if (protocol === 'messaging') return { ...of, destination: name }
  if (protocol === 'http' && name.startsWith('/'))
    return { ...of, route: name, ...(method ? { method } : {}) }
  return { ...of, operation: name }
}
