import type { AnatomyPart, TransactionAnatomy } from '@binnacle/collector/api/anatomy'
import { formatCount, formatDuration, formatNumber, missing } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import './anatomy.css'

const types = { tier: 'tier', database: 'database', queue: 'queue', external: 'remote service' } as const

/** Mean own time of each tier and backend in a call of the transaction: of normal calls, and of slow ones beside them. */
export function AnatomyTable({ anatomy }: { readonly anatomy: TransactionAnatomy }) {
  const { normal, slow, parts } = anatomy
  if (parts.length === 0) {
    return (
      <EmptyState title="No call is kept yet">
        Time is taken apart from snapshots; the first is kept a few seconds after the first call.
      </EmptyState>
    )
  }
  const mostMs = Math.max(...parts.map((part) => Math.max(part.normal.ownMs, part.slow.ownMs)), 1e-6)
  const cost = (of: 'normal' | 'slow') => (part: AnatomyPart) =>
    anatomy[of].calls === 0 ? (
      <span className="quiet">{missing}</span>
    ) : (
      <Cost ms={part[of].ownMs} mostMs={mostMs} of={of} />
    )
  return (
    <>
      <DataTable
        rows={parts}
        rowKey={(part) => part.id}
        columns={[
          {
            header: 'Tier or backend',
            width: 'min(280px, 36vw)',
            sort: (part) => part.name,
            cell: (part) => (
              <span title={part.name}>
                {part.name} <span className="quiet">{types[part.type]}</span>
              </span>
            ),
          },
          {
            header: 'Normal calls',
            width: 190,
            numeric: true,
            hint: 'Mean own time a call until the answer',
            sort: (part) => part.normal.ownMs,
            cell: cost('normal'),
          },
          {
            header: 'Slow calls',
            width: 190,
            numeric: true,
            hint: 'Of slow, very slow and stalled calls',
            sort: (part) => part.slow.ownMs,
            cell: cost('slow'),
          },
          {
            header: 'Difference',
            width: 110,
            numeric: true,
            hint: 'What slow calls spend more',
            sort: (part) => part.slow.ownMs - part.normal.ownMs,
            cell: (part) =>
              slow.calls === 0 || normal.calls === 0 ? (
                <span className="quiet">{missing}</span>
              ) : (
                <Difference ms={part.slow.ownMs - part.normal.ownMs} />
              ),
          },
          {
            header: 'Calls each',
            width: 100,
            numeric: true,
            hint: 'Calls to it in one normal call of the transaction',
            sort: (part) => part.normal.calls,
            cell: (part) => formatNumber((normal.calls > 0 ? part.normal : part.slow).calls),
          },
          {
            header: 'After the answer',
            width: 130,
            numeric: true,
            hint: 'Own time that nobody waited for',
            sort: (part) => part.normal.lateMs,
            cell: (part) =>
              part.normal.lateMs === 0 ? (
                <span className="quiet">0</span>
              ) : (
                formatDuration(part.normal.lateMs)
              ),
          },
        ]}
      />
      <p className="quiet anatomy-note">{sampleText(anatomy)}</p>
    </>
  )
}

function Cost({
  ms,
  mostMs,
  of,
}: {
  readonly ms: number
  readonly mostMs: number
  readonly of: 'normal' | 'slow'
}) {
  return (
    <span className="anatomy-cost">
      <span className="anatomy-bar" aria-hidden="true">
        <i className={`anatomy-${of}`} style={{ width: `${(100 * ms) / mostMs}%` }} />
      </span>
      {ms === 0 ? '0' : formatDuration(ms)}
    </span>
  )
}

function Difference({ ms }: { readonly ms: number }) {
  if (Math.abs(ms) < 0.001) return <span className="quiet">0</span>
  return <>{`${ms > 0 ? '+' : ''}${formatDuration(ms)}`}</>
}

/** From how many calls the figures are, and how long those took. */
function sampleText({ normal, slow }: TransactionAnatomy): string {
  const of = (name: string, { calls, meanMs }: TransactionAnatomy['normal']) =>
    `${formatCount(calls)} ${name}${meanMs === null ? '' : ` of ${formatDuration(meanMs)} on average`}`
  return `From the whole traces of ${of('normal calls', normal)} and ${of('slow ones', slow)}, the newest that snapshots keep. Parallel work adds up.`
}
