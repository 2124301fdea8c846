import type { FlowEdge, FlowNode, Red } from '@binnacle/collector/api/applications'

export function red(callsPerMinute: number, rest: Partial<Red> = {}): Red {
  return {
    calls: callsPerMinute * 60,
    callsPerMinute,
    errors: 0,
    errorsPerMinute: 0,
    errorRatio: 0,
    meanMs: 14,
    p50Ms: 12,
    p95Ms: 30,
    p99Ms: 60,
    maxMs: 90,
    ...rest,
  }
}

export function tier(name: string, versions: readonly string[] = []): FlowNode {
  return {
    id: `tier:${name}`,
    type: 'tier',
    name,
    system: '',
    nodes: 2,
    red: red(120),
    versions: versions.map((version) => ({
      version,
      nodes: 1,
      calls: 60,
      errors: 0,
      share: 1 / versions.length,
      p95Ms: 12,
    })),
  }
}

export function database(system: string, name: string): FlowNode {
  return { ...tier(name), id: `backend:${system}:${name}`, type: 'database', system, nodes: 0 }
}

export function edge(from: string, to: string, rest: Partial<FlowEdge> = {}): FlowEdge {
  return { id: `${from}>${to}`, from, to, async: false, red: red(120), ...rest }
}
