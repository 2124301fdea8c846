import {
  type OpenSnapshotRow,
  openSnapshotsQuery,
  partsOf,
  type SnapshotFilter,
  type SnapshotPage,
  type SnapshotRow,
  type SnapshotStepRow,
  snapshotStepsQuery,
  snapshotsQuery,
} from '../query/snapshots.ts'
import type { Ask } from './ask.ts'

export interface FoundSnapshots {
  readonly rows: readonly SnapshotRow[]
  /** Of all that pass the filter, whatever the page. */
  readonly steps: readonly SnapshotStepRow[]
}

/** A page and the steps of a range: what is rolled up and what is not are asked beside each other. */
export async function findSnapshots(
  ask: Ask,
  filter: SnapshotFilter,
  page: SnapshotPage,
  stepMs: number,
): Promise<FoundSnapshots> {
  const { kept, open } = partsOf(filter)
  const has = ({ fromMs, toMs }: SnapshotFilter) => fromMs < toMs
  const [rows, steps, openRows] = await Promise.all([
    has(kept) ? keptRows(ask, kept, page) : [],
    has(kept) ? ask<SnapshotStepRow>(snapshotStepsQuery(kept, stepMs)) : [],
    has(open) ? ask<OpenSnapshotRow>(openSnapshotsQuery(open, page, stepMs)) : [],
  ])
  return withOpen({ rows, steps }, openRows, page)
}

/** The newest of a busy application are all of the last hour: the day before it is read only if they are not. */
const newestMs = 3_600_000

async function keptRows(ask: Ask, filter: SnapshotFilter, page: SnapshotPage): Promise<SnapshotRow[]> {
  const untilMs = Math.min(filter.toMs, (page.before?.startMs ?? filter.toMs) + 1)
  const fromMs = untilMs - newestMs
  if (page.sort === 'slowest' || fromMs <= filter.fromMs)
    return ask<SnapshotRow>(snapshotsQuery(filter, page))
  const newest = await ask<SnapshotRow>(snapshotsQuery({ ...filter, fromMs, toMs: untilMs }, page))
  const limit = page.limit - newest.length
  if (limit === 0) return newest
  return [
    ...newest,
    ...(await ask<SnapshotRow>(snapshotsQuery({ ...filter, toMs: fromMs }, { ...page, limit }))),
  ]
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
/** The orders of the questions; ids in hexadecimal sort as their bytes. */
const orders: Readonly<Record<SnapshotPage['sort'], (a: SnapshotRow, b: SnapshotRow) => number>> = {
  newest: (a, b) => b.startMs - a.startMs || byText(b.traceId, a.traceId) || byText(b.spanId, a.spanId),
  slowest: (a, b) =>
    b.durationMs - a.durationMs || byText(a.traceId, b.traceId) || byText(a.spanId, b.spanId),
}

/** What is found among rolled up minutes and among others, as one. */
export function withOpen(
  kept: FoundSnapshots,
  open: readonly OpenSnapshotRow[],
  { sort, limit }: SnapshotPage,
): FoundSnapshots {
  const own = open.filter(({ onPage }) => onPage).map(({ onPage: _, step: __, ...row }) => row)
  const key = ({ timeMs, reason }: SnapshotStepRow) => `${timeMs} ${reason}`
  const openSteps = new Map(open.map(({ step }) => [key(step), step])).values()
  const steps = [...Map.groupBy([...kept.steps, ...openSteps], key).values()].flatMap(([step, other]) =>
    step === undefined
      ? []
      : { ...step, kept: step.kept + (other?.kept ?? 0), all: Math.round(step.all + (other?.all ?? 0)) },
  )
  return {
    rows: [...kept.rows, ...own].sort(orders[sort]).slice(0, limit),
    steps: steps.sort((a, b) => a.timeMs - b.timeMs || byText(a.reason, b.reason)),
  }
}
