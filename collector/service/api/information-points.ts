import { Type } from 'typebox'
import { type InformationPoint, informationPointsMax } from '../../record/information-point.ts'
import {
  type AttributeKeyRow,
  attributeKeysQuery,
  type PointRow as FigureRow,
  patternsQuery,
  pointQuery,
} from '../query/information-points.ts'
import type { Range } from '../query/query.ts'
import type { PointOutcome, StoredPoint } from '../store/information-points.ts'
import { type Ask, asker } from './ask.ts'
import { ApiProblem, problemOfQuery } from './errors.ts'
import { perMinute } from './red.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { TimeRange } from './schema/common.ts'
import {
  AttributeKeys,
  PointChange,
  PointDraft,
  PointFigures,
  PointList,
  PointSaved,
} from './schema/information-points.ts'
import { chartOf, parseRange, wholeStepMsOf } from './time.ts'

/** Points are computed from raw spans. */
const rangeMsMax = 7 * 86_400_000
const attributesRangeMs = 10 * 60_000
/** Questions to the database at once, so that a page of many points leaves room for others. */
const atOnce = 4

/**
 * Information points. There are no users yet: whoever reaches the service may set them, and the audit log names the address a
 * change came from.
 */
export function registerInformationPointRoutes(app: ApiInstance, { store, points, nowMs }: ApiDeps): void {
  const path = '/applications/:application/information-points'
  const tags = ['applications']
  const PointParams = Type.Intersect([
    ApplicationParams,
    Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
  ])
  const stored = (application: string): Promise<readonly StoredPoint[]> =>
    points.list(application).catch((error: unknown) => {
      throw problemOfQuery(error, false)
    })

  app.get(
    path,
    { schema: { tags, params: ApplicationParams, querystring: TimeRange, response: answers(PointList) } },
    async (request, reply): Promise<PointList> => {
      const ask = asker(store, request, reply)
      const { application } = request.params
      const scope = { ...rangeOf(request.query, nowMs()), application }
      const list = await stored(application)
      const rows: PointList['points'] = []
      for (let at = 0; at < list.length; at += atOnce)
        rows.push(
          ...(await Promise.all(
            list.slice(at, at + atOnce).map(async (point) => ({
              ...point,
              figures: await figuresOf(ask, point.definition, scope),
            })),
          )),
        )
      return { points: rows, pointsMax: informationPointsMax }
    },
  )

  app.post(
    `${path}/preview`,
    {
      schema: {
        tags,
        params: ApplicationParams,
        querystring: TimeRange,
        body: Type.Unsafe<PointDraft>(PointDraft),
        response: answers(PointFigures),
      },
    },
    async (request, reply) => {
      const scope = { ...rangeOf(request.query, nowMs()), application: request.params.application }
      const ask = asker(store, request, reply)
      await requireUsable(ask, request.body.definition)
      return figuresOf(ask, request.body.definition, scope)
    },
  )

  app.post(
    path,
    {
      schema: {
        tags,
        params: ApplicationParams,
        body: Type.Unsafe<PointDraft>(PointDraft),
        response: answers(PointSaved),
      },
    },
    async (request, reply) => {
      const { application } = request.params
      const { definition } = request.body
      await requireUsable(asker(store, request, reply), definition)
      if ((await stored(application)).length >= informationPointsMax)
        throw new ApiProblem(
          'bad-configuration',
          `cannot save: ${application.slice(0, 80)} has ${informationPointsMax} information points, which is all it can have; delete one`,
        )
      const change = { application, id: undefined, version: 0, definition, changedBy: request.ip }
      return savedOf(await points.save(change))
    },
  )

  app.put(
    `${path}/:id`,
    {
      schema: {
        tags,
        params: PointParams,
        body: Type.Unsafe<PointChange>(PointChange),
        response: answers(PointSaved),
      },
    },
    async (request, reply) => {
      const { application, id } = request.params
      const { version, definition } = request.body
      if (definition !== null) await requireUsable(asker(store, request, reply), definition)
      const change = { application, id, version, definition: definition ?? undefined, changedBy: request.ip }
      return savedOf(await points.save(change))
    },
  )

  app.get(
    '/applications/:application/span-attributes',
    {
      schema: { tags, params: ApplicationParams, querystring: TimeRange, response: answers(AttributeKeys) },
    },
    async (request, reply): Promise<AttributeKeys> => {
      const { fromMs, toMs } = parseRange(request.query, nowMs())
      const recent = { fromMs: Math.max(fromMs, toMs - attributesRangeMs), toMs }
      const rows = await asker(
        store,
        request,
        reply,
      )<AttributeKeyRow>(attributeKeysQuery({ ...recent, application: request.params.application }))
      return {
        keys: rows.map(({ key, spans, numbers, samples }) => ({
          key,
          spans,
          numeric: numbers === spans,
          samples: [...samples],
        })),
      }
    },
  )
}

function rangeOf(query: TimeRange, nowMs: number): Range {
  const range = parseRange(query, nowMs)
  if (range.toMs - range.fromMs > rangeMsMax)
    throw new ApiProblem(
      'bad-time',
      'cannot use the time range: information points are computed from raw spans, for 7 days at most; choose a shorter one',
    )
  return range
}

function savedOf(outcome: PointOutcome): PointSaved {
  switch (outcome.type) {
    case 'saved':
      return { id: outcome.id, version: outcome.version }
    case 'conflict':
      throw new ApiProblem(
        'version-conflict',
        'cannot save: the information point was changed or deleted meanwhile; load it and change it again',
      )
    case 'unavailable':
      throw new ApiProblem('database-unavailable', `cannot save: ${outcome.message}`)
  }
}

function requireNumbers({ aggregation, attribute }: InformationPoint): void {
  if (aggregation !== 'count' && attribute === '')
    throw new ApiProblem(
      'bad-configuration',
      `cannot compute ${aggregation}: name the attribute that holds the number, or count spans`,
    )
}

/** ClickHouse's CANNOT_COMPILE_REGEXP. */
const patternCode = '427'

/** The database has the last word about patterns. */
async function requireUsable(ask: Ask, definition: InformationPoint): Promise<void> {
  requireNumbers(definition)
  await ask(patternsQuery(definition)).catch((error: unknown) => {
    const cause = error instanceof ApiProblem ? error.cause : undefined
    if (!(cause instanceof Error && 'code' in cause && String(cause.code) === patternCode)) throw error
    throw new ApiProblem('bad-configuration', 'cannot use a pattern: it is no regular expression of RE2', {
      cause,
    })
  })
}

async function figuresOf(
  ask: Ask,
  definition: InformationPoint,
  scope: Range & { readonly application: string },
): Promise<PointFigures> {
  const stepMs = wholeStepMsOf(scope)
  const rows = await ask<FigureRow>(pointQuery(definition, { ...scope, stepMs }))
  return toFigures(definition, rows, { scope, stepMs })
}

/** Counts and sums are said per minute. */
function toFigures(
  { aggregation, unit, groupBy }: InformationPoint,
  rows: readonly FigureRow[],
  { scope, stepMs }: { readonly scope: Range; readonly stepMs: number },
): PointFigures {
  const isRate = aggregation === 'count' || aggregation === 'sum'
  const whole = rows.find((row) => row.level === 'whole')
  const groups = rows.filter((row) => row.level === 'group')
  const steps = Map.groupBy(
    rows.filter((row) => row.level === 'step'),
    keyOf,
  )
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const own = aggregation === 'count' ? '' : unit
  const series = groups.map((group) => {
    const name = groupBy ? group.group || 'none' : aggregation
    const value = (row: FigureRow, inMinutes: number) =>
      isRate ? perMinute(row.value ?? 0, inMinutes) : row.value
    const of = {
      name,
      unit: isRate ? `${own || 1}/min` : own || '1',
      missing: isRate ? (0 as const) : null,
      value,
    }
    return chartOf(steps.get(keyOf(group)) ?? [], scope, [of], stepMs).series
  })
  const spans = whole?.spans ?? 0
  const value = whole?.value ?? (isRate && (spans === 0 || aggregation === 'count') ? 0 : null)
  return {
    value,
    perMinute: isRate && value !== null ? perMinute(value, minutes) : null,
    spans,
    skipped: whole?.skipped ?? 0,
    groups: groups.map((row) => ({
      name: row.group,
      pooled: row.pooled,
      value: row.value,
      spans: row.spans,
    })),
    chart: { ...chartOf<FigureRow>([], scope, [], stepMs), series: series.flat() },
  }
}

const keyOf = ({ group, pooled }: FigureRow) => JSON.stringify([group, pooled])
