import type { KubePipelineDeps } from '../../../collector/agent/kube-pipeline.ts'
import type { KubeRecord } from '../../../collector/record/kube.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createSelfMetrics } from '../../../collector/std/self-metrics.ts'
import { createMemoryCollected } from '../../support/memory-collected.ts'

/** What a pipeline under test is given, and what it said: its records, and the namespaces whose collection it stopped. */
export function pipelineDeps(own: Pick<KubePipelineDeps, 'client' | 'clock'> & Partial<KubePipelineDeps>): {
  readonly deps: KubePipelineDeps
  readonly records: KubeRecord[]
  readonly stopped: string[]
} {
  const records: KubeRecord[] = []
  const stopped: string[] = []
  const deps = {
    random: () => 0.5,
    log: silentLog,
    metrics: createSelfMetrics({ part: 'agent', version: '0', instanceId: 'test' }),
    emit: (record: KubeRecord) => void records.push(record),
    onScopeStop: (name: string) => void stopped.push(name),
    onNamespaces: () => {},
    collected: createMemoryCollected(),
    ...own,
  }
  return { deps, records, stopped }
}
