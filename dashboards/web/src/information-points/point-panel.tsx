import type {
  AttributeKeys,
  PointFigures,
  PointRow,
  PointSaved,
} from '@binnacle/collector/api/information-points'
import type { InformationPoint } from '@binnacle/collector/record/information-point'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type ApiError, sendApi, useApi } from '../api.ts'
import { formatCount, formatDateTime, formatRate, formatValue } from '../format.ts'
import { Chart } from '../parts/chart.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { TracesLink } from '../traces/trace-links.tsx'
import { useTimeRange } from '../url-state.ts'
import { describePoint, emptyPoint, pointFilters, unitOf, whyIncomplete } from './draft.ts'
import { PointForm } from './point-form.tsx'

interface Props {
  readonly application: string
  /** Undefined: a new one. */
  readonly stored: PointRow | undefined
  readonly onClose: () => void
  /** Undefined: it was deleted. */
  readonly onSaved: (id: string | undefined) => void
}

/** The preview follows once typing pauses. */
const pauseMs = 400

/** One information point: what it says, and its definition, with a preview of every change. */
export function PointPanel({ application, stored, onClose, onSaved }: Props) {
  const [draft, setDraft] = useState<InformationPoint>(stored?.definition ?? emptyPoint)
  const [problem, setProblem] = useState<ApiError | undefined>()
  const [busy, setBusy] = useState(false)
  const path = `/applications/${encodeURIComponent(application)}/information-points`
  const { from, to } = useTimeRange()
  const keys = useApi<AttributeKeys>(`/applications/${encodeURIComponent(application)}/span-attributes`, {
    from,
    to,
  })
  const incomplete = whyIncomplete(draft)
  const changed = JSON.stringify(draft) !== JSON.stringify(stored?.definition ?? emptyPoint)

  async function send(definition: InformationPoint | null): Promise<void> {
    setBusy(true)
    setProblem(undefined)
    try {
      const saved = stored
        ? await sendApi<PointSaved>('PUT', `${path}/${encodeURIComponent(stored.id)}`, {
            body: { version: stored.version, definition },
          })
        : await sendApi<PointSaved>('POST', path, { body: { definition } })
      onSaved(definition === null ? undefined : saved.id)
    } catch (error) {
      setProblem(error as ApiError)
    } finally {
      setBusy(false)
    }
  }

  return (
    <SidePanel title={stored?.definition.name ?? 'New information point'} onClose={onClose}>
      <Preview application={application} draft={draft} incomplete={incomplete} />
      <h3>Definition</h3>
      <PointForm draft={draft} keys={keys.data?.keys ?? []} onChange={setDraft} />
      {problem && <ErrorState error={problem} />}
      <div className="point-actions">
        <button
          type="button"
          className="button button-primary"
          disabled={busy || !changed || incomplete !== undefined || draft.name.trim() === ''}
          onClick={() => send(draft)}
        >
          {stored ? 'Save' : 'Create'}
        </button>
        {stored && (
          <button type="button" className="button" disabled={busy} onClick={() => send(null)}>
            Delete
          </button>
        )}
        {draft.name.trim() === '' && <span className="quiet">It needs a name.</span>}
      </div>
      {stored && (
        <p className="quiet">{`Version ${stored.version}, by ${stored.changedBy || 'somebody'} at ${formatDateTime(stored.changedAtMs)}`}</p>
      )}
    </SidePanel>
  )
}

interface PreviewProps {
  readonly application: string
  readonly draft: InformationPoint
  readonly incomplete: string | undefined
}

function Preview({ application, draft, incomplete }: PreviewProps) {
  const { from, to } = useTimeRange()
  const [asked, setAsked] = useState(draft)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(draft), pauseMs)
    return () => clearTimeout(timer)
  }, [draft])
  const definition = { ...asked, name: asked.name.trim() || 'preview' }
  const path = `/applications/${encodeURIComponent(application)}/information-points/preview?${new URLSearchParams({ from, to })}`
  const preview = useQuery<PointFigures, ApiError>({
    queryKey: ['information-point', path, JSON.stringify(definition)],
    queryFn: ({ signal }) => sendApi<PointFigures>('POST', path, { body: { definition }, signal }),
    placeholderData: (previous) => previous,
    enabled: whyIncomplete(asked) === undefined,
    retry: false,
  })
  if (incomplete !== undefined) return <p className="quiet">{incomplete}</p>
  if (preview.error) return <ErrorState error={preview.error} onRetry={() => void preview.refetch()} />
  if (preview.data === undefined) return <p className="quiet">…</p>
  const figures = preview.data
  const unit = unitOf(asked)
  return (
    <div className={preview.isPlaceholderData ? 'dimmed' : undefined}>
      <p className="point-value">
        <TracesLink filters={pointFilters(application, asked)}>{formatValue(figures.value, unit)}</TracesLink>
        {figures.perMinute !== null && (
          <span className="quiet">{` ${unit ? `${formatValue(figures.perMinute, unit)}/min` : formatRate(figures.perMinute)}`}</span>
        )}
      </p>
      <p className="quiet">
        {`${describePoint(asked)}: ${formatCount(figures.spans)} spans`}
        {figures.skipped > 0 &&
          `, ${formatCount(figures.skipped)} of them without a number in ${asked.attribute}`}
      </p>
      <Chart chart={figures.chart} height={150} />
      {asked.groupBy && (
        <DataTable
          rows={figures.groups}
          rowKey={(group) => `${group.pooled} ${group.name}`}
          columns={[
            {
              header: asked.groupBy,
              width: 220,
              cell: (group) =>
                group.pooled || group.name === '' ? (
                  <span className="quiet">{group.name || 'none'}</span>
                ) : (
                  <TracesLink filters={pointFilters(application, asked, group.name)}>{group.name}</TracesLink>
                ),
            },
            {
              header: 'Value',
              width: 120,
              numeric: true,
              sort: (group) => group.value ?? Number.NEGATIVE_INFINITY,
              cell: (group) => formatValue(group.value, unit),
            },
            {
              header: 'Spans',
              width: 100,
              numeric: true,
              sort: (group) => group.spans,
              cell: (group) => formatCount(group.spans),
            },
          ]}
        />
      )}
    </div>
  )
}
