import { Type } from 'typebox'
import {
  type ErrorOperationRow,
  type ErrorStepRow,
  errorOperationsQuery,
  errorStepsQuery,
} from '../query/error-operations.ts'
import {
  type ErrorLogRow,
  type ExceptionGroupRow,
  type ExceptionListRow,
  type ExceptionPartRow,
  type ExceptionStepRow,
  errorLogsQuery,
  exceptionGroupQuery,
  exceptionPartsQuery,
  exceptionStepsQuery,
  exceptionsQuery,
  knownSinceQuery,
  type OccurrenceRow,
  occurrencesQuery,
  type SightingRow,
  sightingsQuery,
} from '../query/exceptions.ts'
import type { Range } from '../query/query.ts'
import { requireApplication } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { minuteSpark } from './call-detail.ts'
import { recentMsMax } from './databases.ts'
import { ApiProblem } from './errors.ts'
import { perMinute, toRed } from './red.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { type Chart, TimeRange } from './schema/common.ts'
import { ErrorList, ExceptionDetail, type ExceptionRow } from './schema/errors.ts'
import { chartOf, parseRange, wholeStepMsOf } from './time.ts'

const rowsMax = 500
const occurrencesMax = 20
const logsMax = 50
const seriesMax = 8

type Scope = Range & { readonly application: string }

export function registerErrorRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  const tags = ['applications']
  app.get(
    '/applications/:application/errors',
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: TimeRange,
        response: answers(ErrorList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = { ...parseRange(request.query, nowMs()), application: request.params.application }
      const list = await errorList(ask, scope)
      if (list.operations.length + list.exceptions.length === 0)
        await requireApplication(ask, scope.application)
      return list
    },
  )
  app.get(
    '/applications/:application/exceptions/:group',
    {
      schema: {
        tags,
        params: Type.Intersect([
          ApplicationParams,
          Type.Object({ group: Type.String({ pattern: '^\\d{1,20}$' }) }),
        ]),
        querystring: TimeRange,
        response: answers(ExceptionDetail),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { application, group } = request.params
      return exceptionDetail(ask, { ...parseRange(request.query, nowMs()), application, groupHash: group })
    },
  )
}

async function errorList(ask: Ask, scope: Scope): Promise<ErrorList> {
  const stepped = { ...scope, stepMs: wholeStepMsOf(scope) }
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const [operations, errorSteps, exceptions, exceptionSteps] = await Promise.all([
    ask<ErrorOperationRow>(errorOperationsQuery({ ...scope, limit: rowsMax })),
    ask<ErrorStepRow>(errorStepsQuery(stepped)),
    ask<ExceptionListRow>(exceptionsQuery({ ...scope, limit: rowsMax + 1 })),
    ask<ExceptionStepRow>(exceptionStepsQuery({ ...stepped, groupHash: '' })),
  ])
  const [sightings, isNew] = await Promise.all([
    sightingsOf(
      ask,
      scope,
      exceptions.map((row) => row.groupHash),
    ),
    newness(ask, scope),
  ])
  const stepsOfOperation = Map.groupBy(errorSteps, operationKey)
  const stepsOfGroup = Map.groupBy(exceptionSteps, (step) => step.groupHash)
  const errorsAt = errorSteps.map(({ timeMs, errors }) => ({ timeMs, value: errors }))
  const exceptionsAt = exceptionSteps.map(({ timeMs, count }) => ({ timeMs, value: count }))
  return {
    charts: {
      errors: rateChart(scope, { errors: errorsAt }),
      exceptions: rateChart(scope, { exceptions: exceptionsAt }),
    },
    operations: operations.map((row) => ({
      service: row.service,
      operation: row.operation,
      kind: row.kind,
      red: toRed(row, minutes),
      versions: [...row.versions],
      spark: minuteSpark(
        (stepsOfOperation.get(operationKey(row)) ?? []).map(({ timeMs, errors }) => ({
          timeMs,
          value: errors,
        })),
        scope,
      ),
    })),
    exceptions: exceptions.slice(0, rowsMax).map((row) => ({
      ...toExceptionRow(row, sightings.get(row.groupHash) ?? [], { scope, isNew }),
      spark: minuteSpark(
        (stepsOfGroup.get(row.groupHash) ?? []).map(({ timeMs, count }) => ({ timeMs, value: count })),
        scope,
      ),
    })),
    truncated: exceptions.length > rowsMax,
  }
}

const operationKey = (row: Pick<ErrorStepRow, 'service' | 'operation' | 'kind'>) =>
  JSON.stringify([row.service, row.operation, row.kind])

async function sightingsOf(
  ask: Ask,
  { application }: Scope,
  groupHashes: readonly string[],
): Promise<Map<string, SightingRow[]>> {
  if (groupHashes.length === 0) return new Map()
  const rows = await ask<SightingRow>(sightingsQuery({ application, groupHashes }))
  return Map.groupBy(rows, (row) => row.groupHash)
}

/** Whether what was first seen then is new in the range: not where the application itself is. */
async function newness(ask: Ask, { application, fromMs }: Scope): Promise<(firstSeenMs: number) => boolean> {
  const [row] = await ask<{ sinceMs: number }>(knownSinceQuery(application))
  const isOlder = row !== undefined && row.sinceMs < fromMs
  return (firstSeenMs) => isOlder && firstSeenMs >= fromMs
}

interface FirstSeen {
  readonly firstSeenMs: number
  readonly firstVersion: string
}

/** The first of the sightings, which come in this order, or of exceptions that are not rolled up yet. */
function firstSeen(
  sightings: readonly SightingRow[],
  raw: { readonly atMs: number; readonly version: string },
): FirstSeen {
  const [first] = sightings
  const rawIsFirst = raw.atMs > 0 && (first === undefined || raw.atMs < first.firstSeenMs)
  return rawIsFirst || first === undefined
    ? { firstSeenMs: raw.atMs, firstVersion: raw.version }
    : { firstSeenMs: first.firstSeenMs, firstVersion: first.version }
}

function toExceptionRow(
  row: ExceptionListRow,
  sightings: readonly SightingRow[],
  { scope, isNew }: { readonly scope: Scope; readonly isNew: (firstSeenMs: number) => boolean },
): Omit<ExceptionRow, 'spark'> {
  const first = firstSeen(sightings, { atMs: row.firstRawMs, version: row.firstRawVersion })
  return {
    group: row.groupHash,
    type: row.exceptionType,
    message: row.message,
    count: row.count,
    perMinute: perMinute(row.count, (scope.toMs - scope.fromMs) / 60_000),
    services: [...row.services],
    operations: [...row.operations],
    versions: [...row.versions],
    ...first,
    lastSeenMs: row.lastSeenMs,
    isNew: isNew(first.firstSeenMs),
    sampleTraceId: row.sampleTraceId,
  }
}

async function exceptionDetail(
  ask: Ask,
  scope: Scope & { readonly groupHash: string },
): Promise<ExceptionDetail> {
  const { application, groupHash, fromMs, toMs } = scope
  const [rows, parts, steps, sightings, [known], isNew] = await Promise.all([
    ask<ExceptionListRow>(exceptionsQuery({ ...scope, limit: rowsMax, groupHash })),
    ask<ExceptionPartRow>(exceptionPartsQuery(scope)),
    ask<ExceptionStepRow>(exceptionStepsQuery({ ...scope, stepMs: wholeStepMsOf(scope) })),
    ask<SightingRow>(sightingsQuery({ application, groupHashes: [groupHash] })),
    ask<ExceptionGroupRow>(exceptionGroupQuery(groupHash)),
    newness(ask, scope),
  ])
  const [row] = rows
  if (row === undefined && sightings.length === 0)
    throw new ApiProblem(
      'unknown-exception',
      `cannot find the exception ${groupHash} of ${application.slice(0, 80)}: it was not thrown in this time range, and no minute that is kept has it`,
    )
  // Of a minute that is rolled up only its start is known.
  const recentToMs = Math.min(toMs, (row?.lastSeenMs ?? toMs) + 60_000)
  const recent = { ...scope, fromMs: Math.max(fromMs, recentToMs - recentMsMax), toMs: recentToMs }
  const occurrences = await ask<OccurrenceRow>(occurrencesQuery({ ...recent, limit: occurrencesMax }))
  const type = row?.exceptionType ?? known?.exceptionType ?? ''
  const logs = await ask<ErrorLogRow>(
    errorLogsQuery({
      ...recent,
      services: [...new Set(parts.map((part) => part.service))],
      traceIds: occurrences.map((one) => one.traceId),
      exceptionType: type,
      limit: logsMax,
    }),
  )
  const first = firstSeen(sightings, { atMs: row?.firstRawMs ?? 0, version: row?.firstRawVersion ?? '' })
  const count = row?.count ?? 0
  return {
    group: groupHash,
    type,
    stack: known?.stack || (occurrences[0]?.stack ?? ''),
    count,
    perMinute: perMinute(count, (toMs - fromMs) / 60_000),
    ...first,
    lastSeenMs: Math.max(row?.lastSeenMs ?? 0, ...sightings.map((one) => one.lastSeenMs)),
    isNew: isNew(first.firstSeenMs),
    chart: rateChart(scope, byVersion(steps)),
    parts,
    sightings: sightings.map(({ service, version, firstSeenMs, lastSeenMs }) => ({
      service,
      version,
      firstSeenMs,
      lastSeenMs,
    })),
    occurrences: occurrences.map(({ exceptionType: _, stack: __, ...one }) => one),
    logs,
  }
}

interface Step {
  readonly timeMs: number
  readonly value: number
}

/** Steps by version: those with the most exceptions, and the others together. */
function byVersion(steps: readonly ExceptionStepRow[]): Record<string, Step[]> {
  const versions = [...Map.groupBy(steps, (step) => step.version)]
    .map(([version, of]) => ({ version, of, count: of.reduce((sum, step) => sum + step.count, 0) }))
    .sort((a, b) => b.count - a.count)
  const toSteps = (of: readonly ExceptionStepRow[]) =>
    of.map(({ timeMs, count }) => ({ timeMs, value: count }))
  const others = versions.slice(seriesMax).flatMap(({ of }) => of)
  return {
    ...Object.fromEntries(
      versions
        .slice(0, seriesMax)
        .map(({ version, of }) => [version === '' ? 'no version' : version, toSteps(of)]),
    ),
    ...(others.length > 0 ? { others: toSteps(others) } : {}),
  }
}

/** Sums per minute, a series for each name. */
function rateChart(scope: Range, series: Readonly<Record<string, readonly Step[]>>): Chart {
  const stepMs = wholeStepMsOf(scope)
  const charts = Object.entries(series).map(([name, steps]) => {
    const rows = [...Map.groupBy(steps, (step) => step.timeMs)].map(([timeMs, of]) => ({
      timeMs,
      value: of.reduce((sum, step) => sum + step.value, 0),
    }))
    const value = (row: Step, minutes: number) => perMinute(row.value, minutes)
    return chartOf(rows, scope, [{ name, unit: '1/min', missing: 0, value }], stepMs)
  })
  const empty = chartOf([], scope, [], stepMs)
  return { ...empty, series: charts.flatMap((chart) => chart.series) }
}
