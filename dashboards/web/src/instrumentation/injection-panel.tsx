import type { InjectionWorkload } from '@binnacle/collector/api/injection'
import { ClusterLink } from '../clusters/cluster-link.tsx'
import { formatCount } from '../format.ts'
import { Command } from '../parts/command.tsx'
import { KeyValue } from '../parts/key-value.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { restartAdvice } from './restart-advice.ts'
import { WhatToDo } from './switched-off-list.tsx'

interface Props {
  readonly clusterId: string
  readonly workload: InjectionWorkload
  readonly configMap: string
  readonly onClose: () => void
}

/** One workload: how far its pods have it, why not, and how somebody restarts it. */
export function InjectionPanel({ clusterId, workload, configMap, onClose }: Props) {
  const { kind, name, namespace, pods, injected, skipped, restart, languages, reasons, switchedOff } =
    workload
  const advice = restartAdvice(workload)
  return (
    <SidePanel title={name} onClose={onClose}>
      <div className="injection-panel">
        <KeyValue
          items={[
            ['Workload', `${kind} in ${namespace}`],
            [
              'Pods',
              <ClusterLink
                key="pods"
                clusterId={clusterId}
                path="/pods"
                search={{ namespace, workload: name }}
              >
                {formatCount(pods)}
              </ClusterLink>,
            ],
            ['Injected', formatCount(injected)],
            ['Skipped', formatCount(skipped)],
            ['Need a restart', formatCount(restart)],
            ['What', languages.join('; ')],
          ]}
        />
        {reasons.length > 0 && (
          <>
            <h3>Why</h3>
            <ul>
              {reasons.map((reason) => (
                <li key={reason}>{reason}</li>
              ))}
            </ul>
          </>
        )}
        {switchedOff !== '' ? (
          <>
            <h3>Switched off</h3>
            <p>{switchedOff}</p>
            <WhatToDo workload={workload} configMap={configMap} />
          </>
        ) : (
          restart > 0 && (
            <>
              <h3>Restart</h3>
              <p>Binnacle restarts nothing. When it suits you:</p>
              {advice.command !== '' && <Command text={advice.command} />}
              <p className="quiet">{advice.words}</p>
            </>
          )
        )}
      </div>
    </SidePanel>
  )
}
