import type { ComparedAspect, Estimate, ReleaseComparison } from '@binnacle/collector/api/releases'
import { formatBytes, formatCpu, formatDuration, formatNumber, formatPercent, missing } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { TracesLink } from '../traces/trace-links.tsx'
import { OutcomeBadge } from './verdict.tsx'

const titles: Readonly<Record<ComparedAspect['aspect'], string>> = {
  p50: 'Latency p50',
  p95: 'Latency p95',
  p99: 'Latency p99',
  errors: 'Error rate',
  exceptions: 'New exceptions per call',
  restarts: 'Restarts per pod and hour',
  cpu: 'CPU of a pod',
  memory: 'Memory of a pod',
}

function formatIn(unit: string, value: number): string {
  switch (unit) {
    case 'ms':
      return formatDuration(value)
    case 'ratio':
      return formatPercent(value)
    case 'mCPU':
      return formatCpu(value)
    case 'By':
      return formatBytes(value)
    default:
      return formatNumber(value)
  }
}

/** The figures of both sides with their 95 % intervals, what changed, and whether that is more than chance. */
export function AspectTable({ comparison }: { readonly comparison: ReleaseComparison }) {
  const { a, b, aspects, application, service } = comparison
  const filtersOf = (version: string | null) => ({
    application,
    service,
    ...(version === null ? {} : { version }),
  })
  const cell = (side: 'a' | 'b') => (row: ComparedAspect) => {
    const { version, fromMs, toMs } = comparison[side]
    const figure = <Figure unit={row.unit} of={row[side]} />
    if (!row[side] || !(row.unit === 'ms' || row.aspect === 'errors')) return figure
    return (
      <TracesLink
        range={{ fromMs, toMs }}
        filters={{
          ...filtersOf(version),
          ...(row.aspect === 'errors' ? { status: 'error' } : { sort: 'slowest' }),
        }}
      >
        {figure}
      </TracesLink>
    )
  }
  return (
    <DataTable
      rows={aspects}
      rowKey={(row) => row.aspect}
      columns={[
        { header: 'Figure', cell: (row) => titles[row.aspect] },
        {
          header: 'Verdict',
          cell: (row) => (
            <span className="aspect-outcome">
              <OutcomeBadge outcome={row.outcome} />
              <span className="quiet">{row.missing || (row.p === null ? '' : `p ${formatP(row.p)}`)}</span>
            </span>
          ),
        },
        { header: a.name, numeric: true, cell: cell('a') },
        { header: b.name, numeric: true, cell: cell('b') },
        {
          header: 'Change',
          numeric: true,
          hint: 'with its 95 % interval',
          cell: (row) => <Change row={row} />,
        },
      ]}
    />
  )
}

const formatP = (p: number) => (p < 0.001 ? '< 0.001' : formatNumber(Number(p.toPrecision(2))))

function Figure({ unit, of }: { readonly unit: string; readonly of: Estimate | null }) {
  if (!of) return <span className="quiet">{missing}</span>
  const bounds = of.low === of.high ? '' : `${formatIn(unit, of.low)} – ${formatIn(unit, of.high)}`
  return (
    <>
      {formatIn(unit, of.value)} <small className="quiet interval">{bounds}</small>
    </>
  )
}

/** Beyond so many times as much a ratio says nothing more. */
const ratioMax = 100

function Change({ row }: { readonly row: ComparedAspect }) {
  if (!row.change) return <span className="quiet">{missing}</span>
  const isDifference = row.unit === 'ratio'
  const signed = (value: number) =>
    value > ratioMax
      ? `> ${ratioMax} ×`
      : `${value > 0 ? '+' : value < 0 ? '−' : ''}${
          isDifference ? `${formatNumber(Math.abs(value) * 100)} points` : formatPercent(Math.abs(value))
        }`
  const short = (value: number) => signed(value).replace(/ (points|%)$/, '')
  return (
    <span className={row.outcome === 'worse' ? 'errors' : undefined}>
      {signed(row.change.value)}{' '}
      <small className="quiet interval">{`${short(row.change.low)} … ${short(row.change.high)}`}</small>
    </span>
  )
}
