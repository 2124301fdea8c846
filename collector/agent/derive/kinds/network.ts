import { projectMeta } from '../metadata.ts'
import { type Json, list, object, text } from '../read.ts'
import { amounts, type Described, facts, pairs } from './described.ts'

/** What can be said of a Service without its endpoints; service-endpoints.ts adds them. */
export function projectService(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const clusterIp = text(spec['clusterIP'])
  return {
    kind: 'Service',
    ...meta,
    status: '',
    fields: {
      facts: facts('Service', {
        type: text(spec['type']) || 'ClusterIP',
        clusterIp,
        ports: list(spec['ports']).map(servicePort).join(', '),
        selector: pairs(spec['selector']),
        externalName: text(spec['externalName']),
      }),
    },
  }
}

const serviceLabel = 'kubernetes.io/service-name'

/** An EndpointSlice as counts: its addresses are most of it, and change all the time. */
export function projectEndpointSlice(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  let ready = 0
  let notReady = 0
  for (const { conditions } of list(raw['endpoints'])) {
    const { ready: isReady, terminating } = object(conditions)
    // Absent means ready. What is on its way out is missed by nobody.
    if (isReady !== false) ready++
    else if (terminating !== true) notReady++
  }
  return {
    kind: 'EndpointSlice',
    ...meta,
    status: '',
    fields: {
      ready,
      desired: ready + notReady,
      facts: facts('EndpointSlice', {
        service: meta.labels[serviceLabel] ?? '',
        addressType: text(raw['addressType']),
        ports: list(raw['ports']).map(slicePort).join(', '),
      }),
      amounts: amounts('EndpointSlice', { readyEndpoints: ready, notReadyEndpoints: notReady }),
    },
  }
}

/** `http 80/TCP → 8080` */
function servicePort(port: Json): string {
  const target = port['targetPort']
  const name = text(port['name'])
  const to = target === undefined || target === port['port'] ? '' : ` → ${String(target)}`
  return `${name ? `${name} ` : ''}${String(port['port'])}/${text(port['protocol']) || 'TCP'}${to}`
}

function slicePort(port: Json): string {
  const name = text(port['name'])
  return `${name ? `${name} ` : ''}${String(port['port'] ?? '')}/${text(port['protocol']) || 'TCP'}`
}
