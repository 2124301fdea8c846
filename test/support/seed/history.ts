import type { Store } from '../../../collector/service/store/store.ts'

/** An hour of calls of one operation, as the rollup would have written it from spans that all took the same time. */
export interface HistoryHour {
  /** Start of the hour, Unix ms. */
  readonly hourMs: number
  readonly application?: string
  readonly service?: string
  /** Also the name of the transaction, where the calls enter. */
  readonly operation?: string
  readonly version?: string
  readonly entering?: boolean
  readonly calls: number
  readonly errors?: number
  /** How many calls took how long. */
  readonly durations: readonly (readonly [ms: number, calls: number])[]
}

const bucketOf = (ms: number) => Math.floor(Math.log2(Math.max(ms * 1e6, 1)) * 8)

/**
 * Writes hours into `red_1h`, `transactions_1h` and `applications_1h` as if the service had run all the while: tests of baselines and objectives need weeks. Every hour
 * given is computed once (one generation), with the row that says so; hours without calls are told by `calls: 0`.
 */
export async function seedHistory(
  store: Pick<Store, 'client'>,
  hours: readonly HistoryHour[],
  generation = 1,
): Promise<void> {
  const rows = hours.filter(({ calls }) => calls > 0).map((hour) => toRow(hour, generation))
  const computed = [...new Set(hours.map(({ hourMs }) => hourMs))].map((hourMs) => ({
    hour: hourMs / 1000,
    kind: 255,
    generation,
  }))
  await store.client.insert({ table: 'red_1h', values: [...rows, ...computed], format: 'JSONEachRow' })
  const transactions = rows
    .filter((row) => row.entering)
    .map(({ operation, kind: _kind, entering: _entering, ...row }) => ({ ...row, transaction: operation }))
  const done = computed.map(({ kind: _kind, ...row }) => row)
  await store.client.insert({
    table: 'transactions_1h',
    values: [...transactions, ...done],
    format: 'JSONEachRow',
  })
  const entered = hours.filter(({ calls, entering = true }) => calls > 0 && entering)
  const applications = [
    ...Map.groupBy(entered, ({ hourMs, application }) => JSON.stringify([hourMs, application])).values(),
  ].map((own) => {
    const durations = own.flatMap((hour) => hour.durations)
    const sum = (of: (hour: HistoryHour) => number) => own.reduce((total, hour) => total + of(hour), 0)
    const calls = sum((hour) => hour.calls)
    const whole = toRow(
      { ...(own[0] as HistoryHour), calls, durations, errors: sum((hour) => hour.errors ?? 0) },
      generation,
    )
    return { ...figuresOf(whole), hour: whole.hour, application: whole.application, generation }
  })
  await store.client.insert({
    table: 'applications_1h',
    values: [...applications, ...done],
    format: 'JSONEachRow',
  })
}

const figures = [
  'calls',
  'errors',
  'duration_sum_ns',
  'duration_max_ns',
  'duration_buckets',
  'duration_counts',
] as const
const figuresOf = (row: ReturnType<typeof toRow>) =>
  Object.fromEntries(figures.map((name) => [name, row[name]]))

/** Hours of the calls of one edge of the flow map between two tiers of `shop`, each of which took as long. */
export async function seedEdgeHistory(
  store: Pick<Store, 'client'>,
  edge: { readonly caller: string; readonly callee: string },
  hours: readonly Pick<HistoryHour, 'hourMs' | 'calls' | 'durations'>[],
): Promise<void> {
  const values = hours.map((hour) => {
    const tiers = {
      caller_type: 'tier',
      caller_application: 'shop',
      callee_type: 'tier',
      callee_application: 'shop',
    }
    return {
      hour: hour.hourMs / 1000,
      ...tiers,
      caller_service: edge.caller,
      callee_service: edge.callee,
      kind: 2,
      ...figuresOf(toRow(hour, 1)),
      generation: 1,
    }
  })
  await store.client.insert({ table: 'edges_1h', values, format: 'JSONEachRow' })
}

function toRow(hour: HistoryHour, generation: number) {
  const buckets = new Map<number, number>()
  for (const [ms, calls] of hour.durations)
    buckets.set(bucketOf(ms), (buckets.get(bucketOf(ms)) ?? 0) + calls)
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const sum = (of: (ms: number) => number) =>
    hour.durations.reduce((total, [ms, calls]) => total + of(ms) * calls, 0)
  return {
    hour: hour.hourMs / 1000,
    cluster_id: 'demo',
    namespace: 'shop',
    application: hour.application ?? 'shop',
    service: hour.service ?? 'magnanimo',
    version: hour.version ?? 'v1',
    operation: hour.operation ?? 'GET /hw2',
    kind: 2,
    entering: hour.entering ?? true,
    calls: hour.calls,
    errors: hour.errors ?? 0,
    duration_sum_ns: sum((ms) => ms * 1e6),
    duration_sum_squares: sum((ms) => ms ** 2),
    duration_max_ns: Math.round(Math.max(0, ...hour.durations.map(([ms]) => ms)) * 1e6),
    duration_buckets: sorted.map(([bucket]) => bucket),
    duration_counts: sorted.map(([, calls]) => calls),
    generation,
  }
}
