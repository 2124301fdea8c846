import type { ClassCounts } from '../query/judged-sql.ts'
import { everything, type Range } from '../query/query.ts'
import { namingOf, otherTraffic } from '../query/transaction-naming.ts'
import { transactionsMaxDefault } from '../query/transaction-rules-sql.ts'
import {
  type SampleNodeRow,
  type SampleSpanRow,
  sampleNodesQuery,
  sampleSpansQuery,
} from '../query/transaction-sample.ts'
import {
  applicationSinceQuery,
  type ClosedStepsRow,
  closedStepsQuery,
  type ScorecardRow,
  type Steps,
  scorecardQuery,
  type ThresholdRow,
  type TransactionKey,
  type TransactionListRow,
  type TransactionScope,
  type TransactionStepRow,
  type TransactionVersionRow,
  transactionStepsQuery,
  transactionsQuery,
  transactionThresholdsQuery,
  transactionVersionsQuery,
} from '../query/transactions.ts'
import { requireApplication, sparkOf, sumByTime } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { type Comparison, parseComparison, usualOfEntities } from './baselines.ts'
import { comparedCharts, type RedCharts } from './compared-charts.ts'
import { ApiProblem } from './errors.ts'
import { parseList } from './list-filter.ts'
import { perMinute, toRed } from './red.ts'
import { type ApiInstance, ApplicationParams, answers, type RouteDeps } from './route-types.ts'
import {
  type Classes,
  Scorecard,
  ScorecardQuery,
  TransactionDetail,
  TransactionDetailQuery,
  TransactionList,
  TransactionQuery,
  type TransactionRow,
} from './schema/transactions.ts'
import { chartOf, parseRange, wholeStepMsOf } from './time.ts'
import { readSettings } from './transaction-rules.ts'

/** Of the newest minutes of a range: what is asked of raw spans to say who served it and what failed on the way. */
const sampleMsMax = 10 * 60_000
const sampleTracesMax = 200
const sampleSpansMax = 20_000
const sampleErrorsMax = 20

export function registerTransactionRoutes(
  app: ApiInstance,
  { store, transactionSettings, known, nowMs }: RouteDeps,
): void {
  const tags = ['applications']
  const params = ApplicationParams
  const scopeOf = async (request: RangedRequest): Promise<TransactionScope> => ({
    ...parseRange(request.query, nowMs()),
    application: request.params.application,
    naming: namingOf(await readSettings(transactionSettings)),
  })
  app.get(
    '/applications/:application/transactions',
    { schema: { tags, params, querystring: TransactionQuery, response: answers(TransactionList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { q = '', sort = 'calls', limit = 200 } = request.query
      const scope = await scopeOf(request)
      const service = parseList('service', request.query.service)
      const comparison = parseComparison(request.query)
      const [rows, since] = await Promise.all([
        known.answer(ask, { ...scope, service }, (scope) => transactionRows(ask, scope, comparison)),
        applicationSince(ask, scope),
      ])
      if (rows.length === 0) await requireApplication(ask, scope.application)
      const found = rows
        .filter((row) => `${row.service} ${row.transaction}`.toLowerCase().includes(q.toLowerCase()))
        .sort((a, b) => byText(a, b, sort) || b.red.calls - a.red.calls)
      return {
        transactions: found.slice(0, limit),
        total: found.length,
        classes: sumClasses(found.map((row) => row.classes)),
        guard: {
          known: since.known,
          max: scope.naming.settings.get(scope.application)?.transactionsMax ?? transactionsMaxDefault,
          pooledCalls: rows
            .filter((row) => row.transaction === otherTraffic)
            .reduce((sum, row) => sum + row.red.calls, 0),
        },
      }
    },
  )
  app.get(
    '/applications/:application/transaction',
    { schema: { tags, params, querystring: TransactionDetailQuery, response: answers(TransactionDetail) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { service, transaction } = request.query
      const scope = { ...(await scopeOf(request)), service, transaction }
      const comparison = parseComparison(request.query)
      return known.answer(ask, scope, (scope) => detail(ask, scope, comparison))
    },
  )
  app.get(
    '/applications/:application/scorecard',
    { schema: { tags, params, querystring: ScorecardQuery, response: answers(Scorecard) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = await scopeOf(request)
      const { by = 'application', service } = request.query
      const rows = await known.answer(ask, scope, (scope) =>
        ask<ScorecardRow>(scorecardQuery({ ...scope, by, service: parseList('service', service) })),
      )
      if (rows.length === 0) await requireApplication(ask, scope.application)
      return {
        scorecards: rows.map((row) => ({
          service: row.service,
          transaction: row.transaction,
          clusterId: row.clusterId,
          namespace: row.namespace,
          pod: row.pod,
          red: toRed(row, minutesOf(scope)),
          classes: toClasses(row),
        })),
      }
    },
  )
}

interface RangedRequest {
  readonly params: { readonly application: string }
  readonly query: { readonly from?: string; readonly to?: string }
}

const minutesOf = ({ fromMs, toMs }: Range) => (toMs - fromMs) / 60_000

type Counted = ClassCounts & { readonly calls: number; readonly errors: number }

export function toClasses({ calls, errors, slow, verySlow, stalled }: Counted): Classes {
  return { normal: calls - errors - slow - verySlow - stalled, slow, verySlow, stalled, errors }
}

function sumClasses(all: readonly Classes[]): Classes {
  const sum = (name: keyof Classes) => all.reduce((total, one) => total + one[name], 0)
  return {
    normal: sum('normal'),
    slow: sum('slow'),
    verySlow: sum('verySlow'),
    stalled: sum('stalled'),
    errors: sum('errors'),
  }
}

const weightOf: Readonly<Record<string, (row: TransactionRow) => number>> = {
  errors: ({ red }) => red.errors,
  errorRatio: ({ red }) => red.errorRatio ?? 0,
  mean: ({ red }) => red.meanMs ?? 0,
  p95: ({ red }) => red.p95Ms ?? 0,
  time: ({ red }) => red.calls * (red.meanMs ?? 0),
  slow: ({ classes }) => classes.slow + classes.verySlow + classes.stalled,
  firstSeen: ({ firstSeenMs }) => firstSeenMs ?? Number.MAX_SAFE_INTEGER,
}

function byText(a: TransactionRow, b: TransactionRow, sort: string): number {
  if (sort === 'name') return a.transaction.localeCompare(b.transaction)
  const weight = weightOf[sort]
  return weight ? weight(b) - weight(a) : 0
}

interface Since {
  readonly sinceMs: number
  readonly known: number
}

async function applicationSince(ask: Ask, { application, naming }: TransactionScope): Promise<Since> {
  const [row] = await ask<Since>(applicationSinceQuery({ application, naming: naming.revision }))
  return row ?? { sinceMs: 0, known: 0 }
}

async function transactionRows(
  ask: Ask,
  scope: TransactionScope & Pick<Parameters<typeof transactionsQuery>[0], 'service'>,
  comparison: Comparison,
): Promise<TransactionRow[]> {
  const stepMs = wholeStepMsOf(scope)
  const { application } = scope
  const closedSteps = closedStepsQuery({ ...scope, stepMs })
  const [rows, closed, { sinceMs }, usual] = await Promise.all([
    ask<TransactionListRow>(transactionsQuery({ ...scope, stepMs })),
    closedSteps ? ask<ClosedStepsRow>(closedSteps) : [],
    applicationSince(ask, scope),
    usualOfEntities(ask, { ...scope, level: 'transaction' }, comparison),
  ])
  const all = rows.reduce((sum, row) => sum + row.calls, 0)
  const key = ({ service, transaction }: TransactionKey) => JSON.stringify([service, transaction])
  const stepsOf = new Map(closed.map((row) => [key(row), row.steps]))
  return rows.map((row) => ({
    service: row.service,
    transaction: row.transaction,
    red: usual(
      { application, service: row.service, transaction: row.transaction },
      toRed(row, minutesOf(scope)),
    ),
    classes: toClasses(row),
    share: all === 0 ? 0 : row.calls / all,
    versions: [...row.versions],
    spark: sparkOf(sumByTime([row.steps, stepsOf.get(key(row)) ?? [[], []]].flatMap(toSteps)), scope, stepMs),
    firstSeenMs: row.firstSeenMs === 0 ? null : row.firstSeenMs,
    isNew: row.firstSeenMs >= scope.fromMs && sinceMs > 0 && sinceMs < scope.fromMs,
  }))
}

const toSteps = ([timesMs, calls]: Steps) =>
  timesMs.map((timeMs, index) => ({ timeMs, calls: calls[index] ?? 0 }))

async function detail(
  ask: Ask,
  scope: TransactionScope & TransactionKey,
  comparison: Comparison,
): Promise<TransactionDetail> {
  const stepMs = wholeStepMsOf(scope)
  const [rows, charts, versions, thresholds, sample] = await Promise.all([
    transactionRows(ask, { ...scope, service: everything }, comparison),
    comparedCharts(ask, { ...keyOf(scope), stepMs, level: 'transaction' }, comparison, async (range) =>
      toCharts(
        await ask<TransactionStepRow>(transactionStepsQuery({ ...scope, ...range, stepMs })),
        range,
        stepMs,
      ),
    ),
    ask<TransactionVersionRow>(transactionVersionsQuery(scope)),
    ask<ThresholdRow>(transactionThresholdsQuery({ ...keyOf(scope), stepMs })),
    sampleOf(ask, scope),
  ])
  const row = rows.find((one) => one.service === scope.service && one.transaction === scope.transaction)
  if (!row) {
    await requireApplication(ask, scope.application)
    throw new ApiProblem(
      'unknown-transaction',
      `cannot find the transaction ${scope.transaction.slice(0, 80)} of ${scope.service.slice(0, 80)}: it has no calls in this time range; choose a longer one`,
    )
  }
  return {
    transaction: row,
    charts: {
      ...charts,
      thresholds: chartOf(
        thresholds,
        scope,
        [
          { name: 'slow', unit: 'ms', missing: null, value: (one) => one.slowMs },
          { name: 'verySlow', unit: 'ms', missing: null, value: (one) => one.verySlowMs },
        ],
        stepMs,
      ),
    },
    threshold: thresholds[0] ?? null,
    versions: versions.map((one) => ({
      version: one.version,
      nodes: sample.nodes.filter((node) => node.version === one.version).length,
      calls: one.calls,
      errors: one.errors,
      share: row.red.calls === 0 ? 0 : one.calls / row.red.calls,
      p95Ms: one.p95Ms,
    })),
    sample,
  }
}

function toCharts(
  steps: readonly TransactionStepRow[],
  range: Range,
  stepMs: number,
): RedCharts & Pick<TransactionDetail['charts'], 'classes'> {
  const chart = (
    unit: string,
    lines: Readonly<Record<string, (row: TransactionStepRow, minutes: number) => number | null>>,
    missing: 0 | null,
  ) =>
    chartOf(
      steps,
      range,
      Object.entries(lines).map(([name, value]) => ({ name, unit, value, missing })),
      stepMs,
    )
  const classLine = (name: keyof Classes) => (step: TransactionStepRow) => toClasses(step)[name]
  return {
    load: chart('1/min', { calls: (step, minutes) => perMinute(step.calls, minutes) }, 0),
    responseTime: chart(
      'ms',
      {
        mean: (step) => step.meanMs,
        p50: (step) => step.p50Ms,
        p95: (step) => step.p95Ms,
        p99: (step) => step.p99Ms,
      },
      null,
    ),
    errors: chart('1/min', { errors: (step, minutes) => perMinute(step.errors, minutes) }, 0),
    classes: chart(
      '1',
      {
        normal: classLine('normal'),
        slow: classLine('slow'),
        verySlow: classLine('verySlow'),
        stalled: classLine('stalled'),
        errors: classLine('errors'),
      },
      0,
    ),
  }
}

const keyOf = ({ fromMs, toMs, application, service, transaction }: TransactionScope & TransactionKey) => ({
  fromMs,
  toMs,
  application,
  service,
  transaction,
})

async function sampleOf(
  ask: Ask,
  scope: TransactionScope & TransactionKey,
): Promise<TransactionDetail['sample']> {
  const fromMs = Math.max(scope.fromMs, scope.toMs - sampleMsMax)
  const sampled = { ...keyOf(scope), naming: scope.naming, fromMs }
  const [nodes, rows] = await Promise.all([
    ask<SampleNodeRow>(sampleNodesQuery(sampled)),
    ask<SampleSpanRow>(sampleSpansQuery(sampled, { traces: sampleTracesMax + 1, limit: sampleSpansMax + 1 })),
  ])
  const traces = [...Map.groupBy(rows, (span) => span.traceId).values()]
  const truncated = traces.length > sampleTracesMax || rows.length > sampleSpansMax
  // The last one may be cut.
  const whole = truncated
    ? traces.slice(0, Math.max(1, Math.min(sampleTracesMax, traces.length - 1)))
    : traces
  const spans = whole.flat()
  return {
    fromMs,
    toMs: scope.toMs,
    traces: whole.length,
    spans: spans.length,
    truncated,
    nodes: nodes.map(({ clusterId, namespace, pod, version, calls, errors, meanMs, p95Ms }) => ({
      clusterId,
      namespace,
      pod,
      version,
      calls,
      errors,
      meanMs,
      p95Ms,
    })),
    errors: errorsOf(spans),
  }
}

function errorsOf(spans: readonly SampleSpanRow[]): TransactionDetail['sample']['errors'] {
  const typeOf = (span: SampleSpanRow) =>
    span.exceptionType || (span.httpStatus >= 400 ? `HTTP ${span.httpStatus}` : span.message) || 'error'
  const groups = Map.groupBy(
    spans.filter((span) => span.failed),
    (span) => JSON.stringify([span.service, typeOf(span)]),
  )
  return [...groups.values()]
    .map((group) => ({
      service: group[0]?.service ?? '',
      type: group[0] ? typeOf(group[0]) : '',
      count: group.length,
      traceId: group[0]?.traceId ?? '',
    }))
    .sort((a, b) => b.count - a.count)
    .slice(0, sampleErrorsMax)
}
