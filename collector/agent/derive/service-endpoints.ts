import { type Described, findings } from './kinds/described.ts'

/**
 * A Service as its EndpointSlices make it: ready of all endpoints, Available while one is ready, else Unavailable.
 * `slices` undefined: not ours to see, so nothing is said of them.
 */
export function withEndpoints(service: Described, slices: readonly Described[] | undefined): Described {
  const facts = service.fields.facts ?? {}
  if (!slices || facts['type'] === 'ExternalName') return service
  // Without a selector nobody but its owner makes endpoints: one without slices is unfinished, not broken.
  if (!facts['selector'] && slices.length === 0) return service
  const { ready, notReady } = endpointsOf(slices)
  const where = notReady > 0 ? `none of ${notReady} is ready` : 'no pod is selected'
  return {
    ...service,
    changedAtMs: Math.max(service.changedAtMs, ...slices.map((one) => one.changedAtMs)),
    status: ready > 0 ? 'Available' : 'Unavailable',
    fields: {
      ...service.fields,
      ready,
      desired: ready + notReady,
      amounts: { readyEndpoints: ready, notReadyEndpoints: notReady },
      findings: findings({ 'service-without-endpoints': ready > 0 ? '' : where }),
    },
  }
}

/** Slices of each address family hold the same pods: a dual-stack Service is as ready as its better half. */
function endpointsOf(slices: readonly Described[]): { readonly ready: number; readonly notReady: number } {
  const families = new Map<string, { ready: number; notReady: number }>()
  for (const { fields } of slices) {
    const family = fields.facts?.['addressType'] ?? ''
    const sum = families.get(family) ?? { ready: 0, notReady: 0 }
    sum.ready += fields.amounts?.['readyEndpoints'] ?? 0
    sum.notReady += fields.amounts?.['notReadyEndpoints'] ?? 0
    families.set(family, sum)
  }
  const best = [...families.values()].sort((a, b) => b.ready - a.ready)[0]
  return best ?? { ready: 0, notReady: 0 }
}

/** `hasService` undefined: Services are not ours to see. */
export function withService(slice: Described, hasService: boolean | undefined): Described {
  if (hasService !== false) return slice
  const service = slice.fields.facts?.['service']
  const where = service ? `Service ${service} does not exist` : 'it names no Service'
  return { ...slice, fields: { ...slice.fields, findings: findings({ 'orphan-endpoints': where }) } }
}
