import type { PointList, PointRow } from '@binnacle/collector/api/information-points'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { matchesText, useOpenRow } from '../calls/open-row.ts'
import { formatRate, formatValue } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FilterBar } from '../parts/filter-bar.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { TracesLink } from '../traces/trace-links.tsx'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { describePoint, pointFilters, unitOf } from './draft.ts'
import { PointPanel } from './point-panel.tsx'
import './information-points.css'

/** Figures of the business that people define over the spans of the application. */
export function InformationPointsPage() {
  const application = useApplication()
  const { from, to } = useTimeRange()
  const { open, setOpen } = useOpenRow()
  const answer = useApi<PointList>(`/applications/${encodeURIComponent(application)}/information-points`, {
    from,
    to,
  })
  const [id] = open ?? []
  const chosen = answer.data?.points.find((point) => point.id === id)
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={480}>
        {(list) => <Points application={application} list={list} onOpen={(one) => setOpen([one])} />}
      </AnswerView>
      {(id === 'new' || chosen) && (
        <PointPanel
          key={id}
          application={application}
          stored={chosen}
          onClose={() => setOpen(undefined)}
          onSaved={(saved) => {
            answer.refetch()
            setOpen(saved === undefined ? undefined : [saved])
          }}
        />
      )}
    </ApplicationFrame>
  )
}

interface Props {
  readonly application: string
  readonly list: PointList
  readonly onOpen: (id: string) => void
}

function Points({ application, list, onOpen }: Props) {
  const { q } = useSearchParams()
  const shown = list.points.filter(({ definition }) =>
    matchesText(q, [definition.name, definition.description, describePoint(definition)]),
  )
  const full = list.points.length >= list.pointsMax
  const create = (
    <button
      type="button"
      className="button"
      disabled={full}
      title={full ? `${list.pointsMax} is all an application can have` : undefined}
      onClick={() => onOpen('new')}
    >
      New information point
    </button>
  )
  if (list.points.length === 0)
    return (
      <EmptyState title="No information point yet">
        <p>
          An information point turns an attribute of spans into a figure of the business: orders per minute,
          revenue by tier of customer, items in a cart. Whatever your code sets with{' '}
          <code>span.setAttribute('order.total', 42)</code> can be counted, summed and averaged, for the past
          too.
        </p>
        {create}
      </EmptyState>
    )
  return (
    <>
      <FilterBar>
        <TextFilter label="Name or attribute" />
        {create}
      </FilterBar>
      {shown.length === 0 && <EmptyState title="No information point matches">Change the text.</EmptyState>}
      <div className="points">
        {shown.map((point) => (
          <PointCard key={point.id} application={application} point={point} onOpen={() => onOpen(point.id)} />
        ))}
      </div>
    </>
  )
}

interface CardProps {
  readonly application: string
  readonly point: PointRow
  readonly onOpen: () => void
}

function PointCard({ application, point, onOpen }: CardProps) {
  const { definition, figures } = point
  const unit = unitOf(definition)
  return (
    <Card
      title={definition.name}
      actions={
        <button type="button" className="button" onClick={onOpen}>
          Open
        </button>
      }
    >
      <p className="point-value">
        <TracesLink filters={pointFilters(application, definition)}>
          {formatValue(figures.value, unit)}
        </TracesLink>
        {figures.perMinute !== null && (
          <span className="quiet">{` ${unit ? `${formatValue(figures.perMinute, unit)}/min` : formatRate(figures.perMinute)}`}</span>
        )}
      </p>
      <p className="quiet point-what" title={describePoint(definition)}>
        {describePoint(definition)}
      </p>
      <Chart
        chart={figures.chart}
        kind={definition.groupBy && isRate(definition) ? 'stacked' : 'lines'}
        height={120}
      />
    </Card>
  )
}

export const isRate = ({ aggregation }: { readonly aggregation: string }): boolean =>
  aggregation === 'count' || aggregation === 'sum'
