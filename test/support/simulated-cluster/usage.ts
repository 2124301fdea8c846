import type { KubeObject } from '../kube-api/objects.ts'
import type { UsageOfContainer } from '../kube-api/server.ts'

const hungry: Readonly<Record<string, number>> = { incassi: 1.9, report: 0.95, load: 0.4 }

/** Plausible use of running containers: a share of the request that moves slowly, different for each pod. */
export function usageOf(
  pod: KubeObject,
  { nowMs, random }: { readonly nowMs: number; readonly random: () => number },
): UsageOfContainer[] {
  const { phase } = (pod['status'] ?? {}) as { phase?: string }
  if (phase !== 'Running') return []
  const { containers } = pod['spec'] as {
    containers: { name: string; resources?: { requests?: Record<string, string> } }[]
  }
  const own = [...pod.metadata.name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  const wave = 0.5 + 0.3 * Math.sin(nowMs / 90_000 + own) + 0.1 * random()
  return containers.map(({ name, resources: { requests = {} } = {} }) => {
    const millicores = Number.parseInt(requests['cpu'] ?? '50', 10)
    const mib = Number.parseInt(requests['memory'] ?? '64', 10)
    return {
      name,
      cpuNanocores: millicores * wave * 1e6,
      memoryBytes: mib * 1024 ** 2 * ((hungry[name] ?? 0.8) * (0.9 + 0.1 * wave)),
    }
  })
}
