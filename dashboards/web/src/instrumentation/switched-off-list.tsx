import type { ClusterInjection, InjectionWorkload } from '@binnacle/collector/api/injection'
import { formatPlural } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { Command } from '../parts/command.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { restartAdvice } from './restart-advice.ts'

/** Workloads that injection was switched off for: why, what to do now, and how to lift it. */
export function SwitchedOffList({ injection }: { readonly injection: ClusterInjection }) {
  const off = injection.workloads.filter(({ switchedOff }) => switchedOff !== '')
  if (off.length === 0) return null
  return (
    <Card title="Switched off" hint={`${formatPlural(off.length, 'workload')} that did not bear it`}>
      <ul className="switched-off">
        {off.map((workload) => (
          <li key={`${workload.namespace}/${workload.kind}/${workload.name}`}>
            <StatusBadge state="critical">{`${workload.kind} ${workload.name} in ${workload.namespace}`}</StatusBadge>
            <p>{workload.switchedOff}</p>
            <WhatToDo workload={workload} configMap={injection.configMap} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

export function WhatToDo({
  workload,
  configMap,
}: {
  readonly workload: InjectionWorkload
  readonly configMap: string
}) {
  const advice = restartAdvice(workload)
  const [namespace, name] = configMap.split('/')
  return (
    <>
      {workload.restart > 0 && (
        <>
          <p>
            New pods are not injected. Those that have it stay as they are until somebody makes them anew:
          </p>
          {advice.command !== '' && <Command text={advice.command} />}
          <p className="quiet">{advice.words}</p>
        </>
      )}
      <p>
        To lift it once the cause is mended, take its entry out of <code>disabled.json</code>, then restart
        the workload; it stays out unless pods of a new template crash again:
      </p>
      {name ? (
        <Command text={`kubectl -n ${namespace} edit configmap ${name}`} />
      ) : (
        <p className="quiet">It is in the ConfigMap of the agent whose name ends in -injection.</p>
      )}
    </>
  )
}
