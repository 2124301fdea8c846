import type {
  ClusterInjection,
  InjectionNamespace,
  InjectionWorkload,
} from '@binnacle/collector/api/injection'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { ClusterFrame, useClusterId } from '../clusters/cluster-frame.tsx'
import { ClusterLink } from '../clusters/cluster-link.tsx'
import { countBy } from '../clusters/count-by.ts'
import { CountLink } from '../clusters/count-link.tsx'
import { objectKeyText } from '../clusters/object-key.ts'
import { formatCount, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { listOf, type Search } from '../search-params.ts'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import { InjectionPanel } from './injection-panel.tsx'
import { NoInjectionYet } from './no-injection-yet.tsx'
import { SwitchedOffList } from './switched-off-list.tsx'
import { statesOf, stateWord } from './workload-states.ts'
import './instrumentation.css'

/** What injection has instrumented, what it left alone and why, and what a restart would change: as it is now. */
export function InstrumentationPage() {
  const clusterId = useClusterId()
  const search = useSearchParams()
  const set = useSetSearch()
  const answer = useApi<ClusterInjection>(`/clusters/${encodeURIComponent(clusterId)}/injection`)
  const all = answer.data?.workloads ?? []
  const opened = all.find((row) => objectKeyText(row) === search['open'])
  return (
    <ClusterFrame part="Instrumentation">
      <AnswerView answer={answer} height={480}>
        {(injection) =>
          injection.namespaces.length === 0 && injection.workloads.length === 0 ? (
            <NoInjectionYet injects={injection.injects} />
          ) : (
            <>
              <SwitchedOffList injection={injection} />
              <Namespaces clusterId={clusterId} namespaces={injection.namespaces} />
              <FilterBar>
                <TextFilter label="Workload name" />
                <FacetChips name="state" label="State" values={countStates(all)} />
                <FacetChips
                  name="namespace"
                  label="Namespace"
                  values={countBy(all, (row) => row.namespace)}
                />
              </FilterBar>
              <Workloads clusterId={clusterId} workloads={chosenOf(all, search)} />
            </>
          )
        }
      </AnswerView>
      {opened && (
        <InjectionPanel
          clusterId={clusterId}
          workload={opened}
          configMap={answer.data?.configMap ?? ''}
          onClose={() => set({ open: undefined })}
        />
      )}
    </ClusterFrame>
  )
}

function countStates(rows: readonly InjectionWorkload[]) {
  const words = Object.values(stateWord)
  return words
    .map((value) => ({ value, count: rows.filter((row) => statesOf(row).includes(value)).length }))
    .filter(({ count }) => count > 0)
}

function chosenOf(rows: readonly InjectionWorkload[], search: Search): readonly InjectionWorkload[] {
  const among = (name: string, values: readonly string[]) => {
    const chosen = listOf(search[name])
    return chosen.length === 0 || values.some((value) => chosen.includes(value))
  }
  const text = (search['q'] ?? '').toLowerCase()
  return rows.filter(
    (row) =>
      among('state', statesOf(row)) &&
      among('namespace', [row.namespace]) &&
      row.name.toLowerCase().includes(text),
  )
}

function Namespaces({
  clusterId,
  namespaces,
}: {
  readonly clusterId: string
  readonly namespaces: readonly InjectionNamespace[]
}) {
  const restart = namespaces.reduce((sum, one) => sum + one.restart, 0)
  const columns = useMemo(() => namespaceColumns(clusterId), [clusterId])
  return (
    <Card
      title="Namespaces"
      hint={
        restart === 0
          ? 'every pod is as it would be if it were made now'
          : `${formatPlural(restart, 'pod')} ${restart === 1 ? 'needs' : 'need'} a restart`
      }
    >
      <DataTable rows={namespaces} rowKey={(row) => row.namespace} columns={columns} />
    </Card>
  )
}

function namespaceColumns(clusterId: string): readonly Column<InjectionNamespace>[] {
  const count = (
    header: string,
    state: string,
    of: (row: InjectionNamespace) => number,
    hint: string,
  ): Column<InjectionNamespace> => ({
    header,
    width: 112,
    numeric: true,
    hint,
    sort: of,
    cell: (row) => (
      <CountLink
        clusterId={clusterId}
        count={of(row)}
        path="/instrumentation"
        search={{ namespace: row.namespace, ...(state ? { state } : {}) }}
        plain
      />
    ),
  })
  return [
    {
      header: 'Namespace',
      width: 200,
      sort: (row) => row.namespace,
      cell: (row) => (
        <ClusterLink clusterId={clusterId} path="/pods" search={{ namespace: row.namespace }}>
          {row.namespace}
        </ClusterLink>
      ),
    },
    {
      header: 'Injection',
      width: 136,
      hint: 'Its label binnacle.dev/inject',
      sort: (row) => (row.asks ? 0 : 1),
      cell: (row) =>
        row.asks ? <StatusBadge state="ok">on</StatusBadge> : <StatusBadge state="done">off</StatusBadge>,
    },
    count('Pods', '', (row) => row.pods, 'That have not ended'),
    count('Injected', stateWord.injected, (row) => row.injected, 'Have what pods made now get'),
    count('Skipped', stateWord.skipped, (row) => row.skipped, 'Left alone, and would be again'),
    count(
      'Need a restart',
      stateWord.restart,
      (row) => row.restart,
      'Would be otherwise if they were made now',
    ),
  ]
}

function Workloads({
  clusterId,
  workloads,
}: {
  readonly clusterId: string
  readonly workloads: readonly InjectionWorkload[]
}) {
  const { open } = useSearchParams()
  const set = useSetSearch()
  const columns = useMemo(() => workloadColumns(clusterId), [clusterId])
  if (workloads.length === 0) return <EmptyState title="No workload matches">Take away a filter.</EmptyState>
  return (
    <Card title={formatPlural(workloads.length, 'workload')} hint="a row leads to how it is restarted">
      <DataTable
        rows={workloads}
        rowKey={objectKeyText}
        columns={columns}
        selectedKey={open}
        onOpen={(row) => set({ open: objectKeyText(row) }, { replace: open !== undefined })}
      />
    </Card>
  )
}

function workloadColumns(clusterId: string): readonly Column<InjectionWorkload>[] {
  const count = (
    header: string,
    of: (row: InjectionWorkload) => number,
    className?: string,
  ): Column<InjectionWorkload> => ({
    header,
    width: 96,
    numeric: true,
    sort: of,
    cell: (row) => <span className={of(row) === 0 ? 'quiet' : className}>{formatCount(of(row))}</span>,
  })
  return [
    {
      header: 'Workload',
      width: 168,
      sort: (row) => row.name,
      cell: (row) => <b title={row.name}>{row.name}</b>,
    },
    { header: 'Kind', width: 104, sort: (row) => row.kind, cell: (row) => row.kind },
    { header: 'Namespace', width: 112, sort: (row) => row.namespace, cell: (row) => row.namespace },
    {
      header: 'Pods',
      width: 64,
      numeric: true,
      sort: (row) => row.pods,
      cell: (row) => (
        <CountLink
          clusterId={clusterId}
          count={row.pods}
          path="/pods"
          search={{ workload: row.name, namespace: row.namespace }}
          plain
        />
      ),
    },
    count('Injected', (row) => row.injected),
    count('Skipped', (row) => row.skipped),
    count('To restart', (row) => row.restart, 'warns'),
    {
      header: 'What',
      width: 104,
      hint: 'What is injected',
      sort: (row) => row.languages.join(),
      cell: (row) => row.languages.join('; ') || <span className="quiet">–</span>,
    },
    {
      header: 'Why',
      width: 420,
      hint: 'Why pods are skipped, or need a restart',
      sort: (row) => row.reasons.join(),
      cell: (row) =>
        row.switchedOff === '' ? (
          <span title={row.reasons.join('\n')}>
            {row.reasons.join('; ') || <span className="quiet">–</span>}
          </span>
        ) : (
          <StatusBadge state="critical">{`switched off: ${row.switchedOff}`}</StatusBadge>
        ),
    },
  ]
}
