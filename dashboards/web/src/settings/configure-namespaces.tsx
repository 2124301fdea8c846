import type {
  ConfigurationNamespace,
  ConfigurationPreview,
} from '@binnacle/collector/api/agent-configuration'
import type { InjectionNamespace } from '@binnacle/collector/api/injection'
import { useMemo, useState } from 'react'
import { formatCount } from '../format.ts'
import { injectionRank, NamespaceInjection } from '../instrumentation/namespace-injection.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { type Draft, switched } from './draft.ts'

interface Props {
  readonly namespaces: readonly ConfigurationNamespace[]
  readonly injection: readonly InjectionNamespace[] | undefined
  readonly preview: ConfigurationPreview | undefined
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
}

/** Every namespace of the cluster with its switch. */
export function ConfigureNamespaces({ namespaces, injection, preview, draft, onChange }: Props) {
  const [text, setText] = useState('')
  const columns = useMemo(
    () => columnsFor({ injection, preview, draft, onChange }),
    [injection, preview, draft, onChange],
  )
  const shown = namespaces.filter(({ name }) => name.includes(text.trim()))
  if (namespaces.length === 0)
    return <p className="quiet">No agent of this cluster has told of its namespaces yet.</p>
  return (
    <>
      <input
        type="search"
        aria-label="Find a namespace"
        placeholder="Find a namespace"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <DataTable rows={shown} rowKey={(row) => row.name} columns={columns} />
    </>
  )
}

function columnsFor({
  injection,
  preview,
  draft,
  onChange,
}: Omit<Props, 'namespaces'>): Column<ConfigurationNamespace>[] {
  const injectionOf = new Map(injection?.map((one) => [one.namespace, one]))
  const starts = new Set(preview?.starts.map(({ name }) => name))
  const stops = new Set(preview?.stops.map(({ name }) => name))
  const isOn = ({ name, selected }: ConfigurationNamespace) =>
    starts.has(name) || (selected && !stops.has(name))
  return [
    {
      header: 'Collect',
      width: 72,
      sort: (row) => (isOn(row) ? 0 : 1),
      cell: (row) => (
        <input
          type="checkbox"
          role="switch"
          aria-checked={isOn(row)}
          className="switch"
          aria-label={`Collect ${row.name}`}
          checked={isOn(row)}
          disabled={row.notSelectable !== '' && !isOn(row)}
          title={
            row.notSelectable === '' ? undefined : `cannot be switched on from here: ${row.notSelectable}`
          }
          onChange={(event) => onChange(switched(draft, row, event.target.checked))}
        />
      ),
    },
    { header: 'Namespace', width: 144, sort: (row) => row.name, cell: (row) => row.name },
    {
      header: 'Now',
      width: 130,
      sort: (row) => (row.selected ? 0 : 1),
      cell: (row) =>
        starts.has(row.name)
          ? 'will start'
          : stops.has(row.name)
            ? 'will stop'
            : row.selected
              ? 'collected'
              : 'not collected',
    },
    {
      header: 'Why',
      width: 232,
      sort: (row) => row.reason,
      cell: (row) => <span title={whyOf(row)}>{whyOf(row)}</span>,
    },
    {
      header: 'Labels',
      width: 200,
      cell: (row) =>
        [
          ...Object.entries(row.labels).map(([key, value]) => `${key.replace('binnacle.dev/', '')}=${value}`),
          row.rancherProject,
        ]
          .filter((one) => one !== '')
          .join(' ') || '–',
    },
    {
      header: 'Injection',
      width: 272,
      hint: 'Instrumentation of new pods, by the label binnacle.dev/inject; pods that were there before need a restart',
      sort: (row) => injectionRank(row, injectionOf.get(row.name)),
      cell: (row) => <NamespaceInjection row={row} counts={injectionOf.get(row.name)} />,
    },
    {
      header: 'Pods',
      width: 72,
      numeric: true,
      hint: 'known of collected namespaces only',
      sort: (row) => row.pods,
      cell: (row) => (row.selected || row.pods > 0 ? formatCount(row.pods) : '–'),
    },
    {
      header: 'Spans/min',
      width: 96,
      numeric: true,
      hint: 'over the last five minutes',
      sort: (row) => row.spansPerMinute,
      cell: (row) =>
        row.selected || row.spansPerMinute > 0 ? formatCount(Math.round(row.spansPerMinute)) : '–',
    },
  ]
}

function whyOf({ reason, notSelectable, selected }: ConfigurationNamespace): string {
  return notSelectable === '' || selected || notSelectable === reason ? reason : `${reason}; ${notSelectable}`
}
