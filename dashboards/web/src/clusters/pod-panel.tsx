import type { PodDetail } from '@binnacle/collector/api/clusters'
import { Link } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { formatAge, formatBytes, formatCount, formatCpu, formatDateTime, formatPlural } from '../format.ts'
import { PodInjectionState } from '../instrumentation/pod-injection.tsx'
import { AnswerView } from '../parts/answer-view.tsx'
import { Chart } from '../parts/chart.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { KeyValue } from '../parts/key-value.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { timeSearch } from '../search-params.ts'
import { PodTransactions } from '../transactions/pod-transactions.tsx'
import { useTimeRange } from '../url-state.ts'
import { ClusterLink } from './cluster-link.tsx'
import { Containers } from './containers.tsx'
import { LastCrash } from './last-crash.tsx'
import { PodStatus } from './pod-status.tsx'
import { PodTimeLine } from './pod-time-line.tsx'

interface Props {
  readonly clusterId: string
  readonly pod: string
  readonly onClose: () => void
}

/** One pod beside the list: why it is as it is, what happened, what it uses, what it served. */
export function PodPanel({ clusterId, pod, onClose }: Props) {
  const { from, to } = useTimeRange()
  const path = `/clusters/${encodeURIComponent(clusterId)}/pods/${encodeURIComponent(pod)}`
  const answer = useApi<PodDetail>(path, { from, to })
  return (
    <SidePanel title={answer.data?.pod.name ?? pod} onClose={onClose}>
      <AnswerView answer={answer} height={640}>
        {(detail) => <Details clusterId={clusterId} detail={detail} />}
      </AnswerView>
    </SidePanel>
  )
}

const usageColors = { used: '--series-1', request: '--series-2', limit: '--series-8' }

function Details({ clusterId, detail }: { readonly clusterId: string; readonly detail: PodDetail }) {
  const { pod } = detail
  return (
    <>
      <div className="pod-head">
        <PodStatus pod={pod} />
        <span>
          {pod.ready}/{pod.containers} ready
        </span>
        <span>{`${formatPlural(pod.restarts, 'restart')}, ${formatCount(pod.restartsInRange)} in this range`}</span>
        <span className="quiet">{`${formatAge(Date.now() - pod.createdMs)} old`}</span>
      </div>
      <LastCrash detail={detail} />
      <h3>What happened</h3>
      <PodTimeLine detail={detail} />
      <h3>Traces</h3>
      <PodTraces detail={detail} />
      {detail.services.length > 0 && (
        <>
          <h3>Transactions that passed it</h3>
          <PodTransactions clusterId={clusterId} pod={pod} />
        </>
      )}
      <h3>CPU</h3>
      <Chart chart={detail.cpu} colors={usageColors} height={120} />
      <h3>Memory</h3>
      <Chart chart={detail.memory} colors={usageColors} height={120} />
      <h3>Containers</h3>
      <Containers containers={detail.containers} />
      <h3>Pod</h3>
      <Facts clusterId={clusterId} detail={detail} />
    </>
  )
}

function Facts({ clusterId, detail }: { readonly clusterId: string; readonly detail: PodDetail }) {
  const { pod } = detail
  const bound = (value: number, format: (value: number) => string) => (value === 0 ? 'none' : format(value))
  const workload = pod.workload && (
    <ClusterLink clusterId={clusterId} path="/pods" search={{ workload: pod.workload }}>
      {`${pod.workloadKind} ${pod.workload}`}
    </ClusterLink>
  )
  return (
    <KeyValue
      items={[
        ['Namespace', pod.namespace],
        ['Workload', workload],
        ['Node', pod.node],
        ['Version', pod.version],
        ['Created', formatDateTime(pod.createdMs)],
        ['Pod IP', detail.podIp],
        ['QoS class', detail.qosClass],
        ['Injection', <PodInjectionState key="injection" clusterId={clusterId} detail={detail} />],
        [
          'CPU',
          `request ${bound(pod.cpuRequestMillicores, formatCpu)}, limit ${bound(pod.cpuLimitMillicores, formatCpu)}`,
        ],
        [
          'Memory',
          `request ${bound(pod.memoryRequestBytes, formatBytes)}, limit ${bound(pod.memoryLimitBytes, formatBytes)}`,
        ],
        ['UID', <Uid key="uid" uid={pod.uid} />],
        ['Labels', <Labels key="labels" labels={detail.labels} />],
      ]}
    />
  )
}

function Uid({ uid }: { readonly uid: string }) {
  return (
    <>
      <code>{uid}</code> <CopyButton text={uid} label="Copy the uid" />
    </>
  )
}

function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const all = Object.entries(labels)
  if (all.length === 0) return '–'
  return (
    <span className="labels">
      {all.map(([key, value]) => (
        <code key={key}>{`${key}=${value}`}</code>
      ))}
    </span>
  )
}

function PodTraces({ detail: { pod, services } }: { readonly detail: PodDetail }) {
  if (services.length === 0) return <p className="quiet">The pod sent no spans in this time range.</p>
  return (
    <KeyValue
      items={services.map(({ application, service, spans, errors }) => [
        `${service}${application && application !== service ? ` (${application})` : ''}`,
        <span key={service}>
          <Link
            to="/traces"
            search={(previous: Record<string, unknown>) => ({
              ...timeSearch(previous),
              service,
              pod: pod.name,
            })}
          >
            {formatPlural(spans, 'span')}
          </Link>
          {errors > 0 && (
            <Link
              to="/traces"
              className="errors"
              search={(previous: Record<string, unknown>) => ({
                ...timeSearch(previous),
                service,
                pod: pod.name,
                status: 'error',
              })}
            >
              {` ✕ ${formatPlural(errors, 'error')}`}
            </Link>
          )}
        </span>,
      ])}
    />
  )
}
