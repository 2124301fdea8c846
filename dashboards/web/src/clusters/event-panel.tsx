import type { EventRow } from '@binnacle/collector/api/clusters'
import { formatCount, formatDateTime } from '../format.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { KeyValue } from '../parts/key-value.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { EventChain } from './event-chain.tsx'

interface Props {
  readonly clusterId: string
  readonly event: EventRow
  readonly onClose: () => void
}

export function EventPanel({ clusterId, event, onClose }: Props) {
  return (
    <SidePanel title={`${event.reason} ×${formatCount(event.count)}`} onClose={onClose}>
      <StatusBadge state={event.severity} />
      <h3>
        Message <CopyButton text={event.message} label="Copy the message" />
      </h3>
      <pre>{event.message}</pre>
      <h3>Event</h3>
      <KeyValue
        items={[
          ['Object', `${event.objectKind} ${event.objectName}`],
          ['Namespace', event.namespace],
          ['Workload', event.workload ? `${event.workloadKind} ${event.workload}` : ''],
          ['Category', event.category],
          ['First', formatDateTime(event.firstMs)],
          ['Last', formatDateTime(event.lastMs)],
          ['Reported by', [event.component, event.host].filter((one) => one !== '').join(' on ')],
        ]}
      />
      <h3>How it came about</h3>
      <EventChain clusterId={clusterId} event={event} />
      <h3>Go on</h3>
      <div className="chips">
        {event.objectKind === 'Pod' && (
          <ClusterLink
            clusterId={clusterId}
            path="/pods"
            search={{ pod: event.objectUid }}
            className="button"
          >
            Open the pod
          </ClusterLink>
        )}
        <ClusterLink
          clusterId={clusterId}
          path="/events"
          search={{ object: event.objectUid }}
          className="button"
        >
          All events of this object
        </ClusterLink>
        {event.workload && (
          <ClusterLink
            clusterId={clusterId}
            path="/events"
            search={{ workload: event.workload }}
            className="button"
          >
            All events of this workload
          </ClusterLink>
        )}
      </div>
    </SidePanel>
  )
}
