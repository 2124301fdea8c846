import type { PodRow } from '@binnacle/collector/api/clusters'
import { formatAgo, formatBytes, formatCpu } from '../format.ts'
import { KeyValue } from '../parts/key-value.tsx'
import { PodStatus } from './pod-status.tsx'

const width = 320
const height = 200

/** What a square of the heat map stands for, beside the mouse. */
export function PodCard({ pod, x, y }: { readonly pod: PodRow; readonly x: number; readonly y: number }) {
  const left = Math.max(8, Math.min(x, window.innerWidth - width - 8))
  const below = y + 8 + height < window.innerHeight
  const style = below ? { left, top: y + 8 } : { left, bottom: window.innerHeight - y + 28 }
  return (
    <div className="pod-card" style={{ ...style, width }} role="tooltip">
      <b>{pod.name}</b>
      <KeyValue
        items={[
          ['Status', <PodStatus key="status" pod={pod} />],
          ['Namespace', pod.namespace],
          ['Workload', pod.workload ? `${pod.workloadKind} ${pod.workload}` : ''],
          ['Node', pod.node],
          ['Restarts', `${pod.restarts}, in this range ${pod.restartsInRange}`],
          ['CPU', `${formatCpu(pod.cpuUsedMillicores)} of ${requested(pod.cpuRequestMillicores, formatCpu)}`],
          [
            'Memory',
            `${formatBytes(pod.memoryUsedBytes)} of ${requested(pod.memoryRequestBytes, formatBytes)}`,
          ],
          ['Last event', pod.lastEvent ? `${pod.lastEvent.reason}, ${formatAgo(pod.lastEvent.timeMs)}` : ''],
        ]}
      />
    </div>
  )
}

function requested(value: number, format: (value: number) => string): string {
  return value === 0 ? 'no request' : `${format(value)} requested`
}
