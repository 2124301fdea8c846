import type { ContainerRow } from '@binnacle/collector/api/clusters'
import { formatBytes, formatCount, formatCpu } from '../format.ts'
import { KeyValue } from '../parts/key-value.tsx'
import type { State } from '../parts/state.ts'
import { StatusBadge } from '../parts/status-badge.tsx'

export function Containers({ containers }: { readonly containers: readonly ContainerRow[] }) {
  return (
    <div>
      {containers.map((one) => (
        <div key={one.name} className="container">
          <div className="container-head">
            <b>{one.name}</b>
            {one.init && <span className="quiet">init</span>}
            <StatusBadge state={stateOf(one)}>{one.reason || one.state || 'unknown'}</StatusBadge>
            {one.privileged && <StatusBadge state="warning">privileged</StatusBadge>}
          </div>
          <KeyValue items={factsOf(one)} />
        </div>
      ))}
    </div>
  )
}

function factsOf(one: ContainerRow): (readonly [string, string])[] {
  const bounds = (request: number, limit: number, format: (value: number) => string) =>
    `request ${request === 0 ? 'none' : format(request)}, limit ${limit === 0 ? 'none' : format(limit)}`
  return [
    ['Image', one.image],
    ['Restarts', formatCount(one.restarts)],
    ...(one.message ? [['Message', one.message] as const] : []),
    ...(one.lastExitCode === null
      ? []
      : [
          [
            'Last end',
            `exit code ${one.lastExitCode}${one.lastReason ? `, ${one.lastReason}` : ''}`,
          ] as const,
        ]),
    ['CPU', bounds(one.cpuRequestMillicores, one.cpuLimitMillicores, formatCpu)],
    ['Memory', bounds(one.memoryRequestBytes, one.memoryLimitBytes, formatBytes)],
    [
      'Probes',
      `readiness ${one.readinessProbe ? 'yes' : 'none'}, liveness ${one.livenessProbe ? 'yes' : 'none'}`,
    ],
  ]
}

function stateOf(one: ContainerRow): State {
  if (one.state === 'terminated') return one.exitCode === 0 ? 'done' : 'failed'
  if (one.state === 'waiting') return /BackOff|Err|Failed/.test(one.reason) ? 'failed' : 'pending'
  return one.ready || one.init ? 'ok' : 'warning'
}
