import type { GetAttribute } from './peer.ts'

/**
 * Whether a span is of a service mesh's proxy beside a workload (or of a waypoint): it only carries a call that the
 * workloads themselves stand for. A gateway (`router~…`), and an Envoy that is run as a service of its own, is a tier.
 *
 *   Istio        component=proxy, node_id=sidecar~IP~POD.NAMESPACE~DOMAIN, upstream_cluster=inbound|PORT||HOST or outbound|…
 *   Consul       component=proxy, node_id=NAME-sidecar-proxy…
 *   App Mesh     component=proxy, node_id=mesh/NAME/virtualNode/NAME
 *   Linkerd      service.name=linkerd-proxy
 */
export function isSidecar(get: GetAttribute, service: string): boolean {
  if (service === linkerdProxy) return true
  if (get(sidecarKey) !== 'proxy') return false
  const node = get('node_id') ?? ''
  if (/^(sidecar|waypoint)~|-sidecar-proxy|\/virtualNode\//.test(node)) return true
  return !node.startsWith('router~') && /^(in|out)bound\|/.test(get('upstream_cluster') ?? '')
}

/** Every sidecar span but Linkerd's has it. */
export const sidecarKey = 'component'
export const linkerdProxy = 'linkerd-proxy'
