import type { AttributeCondition, InformationPoint } from '../../record/information-point.ts'
import { type Query, type Range, stepOf } from './query.ts'
import { inSpanRange } from './span-sql.ts'

/** Evaluated on read, over raw spans: a definition that changes is right at once, for the past too. */
export interface PointRow {
  /** Of everything, of a group, or of a group in a step. */
  readonly level: 'whole' | 'group' | 'step'
  /** '': has no such attribute; of the rest: `others`, and `pooled`. */
  readonly group: string
  readonly pooled: boolean
  readonly timeMs: number
  /** Null: no span has a number. */
  readonly value: number | null
  readonly spans: number
  /** That match, but whose attribute is no number. */
  readonly skipped: number
}

const conditionSql: Readonly<Record<AttributeCondition['is'], (attribute: string, value: string) => string>> =
  {
    equal: (attribute, value) => `${attribute} = ${value}`,
    'not equal': (attribute, value) => `${attribute} != ${value}`,
    contains: (attribute, value) => `position(${attribute}, ${value}) > 0`,
    'starts with': (attribute, value) => `startsWith(${attribute}, ${value})`,
    'ends with': (attribute, value) => `endsWith(${attribute}, ${value})`,
    matches: (attribute, value) => `match(${attribute}, ${value})`,
    exists: (attribute) => `${attribute} != ''`,
  }

/** As duration-buckets.ts takes weights, which may be fractions. */
const partsOfWeight = 'toUInt64(round(weight * 64))'

const aggregates: Readonly<Record<InformationPoint['aggregation'], string>> = {
  count: 'sum(weight)',
  sum: 'sumIf(number * weight, isNumber)',
  mean: 'sumIf(number * weight, isNumber) / sumIf(weight, isNumber)',
  p95: `quantileExactWeightedIf(0.95)(number, ${partsOfWeight}, isNumber)`,
  min: 'minIf(number, isNumber)',
  max: 'maxIf(number, isNumber)',
}

export function pointQuery(
  point: InformationPoint,
  scope: Range & { application: string; stepMs: number },
): Query {
  const { service, operation, conditions, aggregation, attribute, groupBy, groupsMax } = point
  const counts = aggregation === 'count'
  const where = [
    `application = {application:String} AND NOT sidecar AND ${inSpanRange('start_time')}`,
    ...(service ? ['service = {service:String}'] : []),
    ...(operation ? ['operation = {operation:String}'] : []),
    ...conditions.map(({ is }, at) =>
      conditionSql[is](`attributes[{key${at}:String}]`, `{value${at}:String}`),
    ),
  ].join(' AND ')
  const matching = `
  SELECT
    start_time, weight, ${groupBy ? 'attributes[{groupBy:String}]' : "''"} AS grouped,
    ${counts ? 'NULL' : 'toFloat64OrNull(attributes[{attribute:String}])'} AS parsed,
    ${counts ? 'true' : 'isNotNull(parsed) AND isFinite(assumeNotNull(parsed))'} AS isNumber,
    ${counts ? '0.0' : 'if(isNumber, assumeNotNull(parsed), 0.0)'} AS number
  FROM spans FINAL
  WHERE ${where}`
  const isTop = groupBy
    ? `grouped IN (SELECT grouped FROM (${matching}) GROUP BY grouped ORDER BY sum(weight) DESC, grouped LIMIT {groupsMax:UInt32})`
    : 'true'
  return {
    sql: `
SELECT
  multiIf(grouping(timeMs) = 0, 'step', grouping(label) = 0, 'group', 'whole') AS level, label AS group, pooled, timeMs,
  if(sumIf(weight, isNumber) = 0, NULL, toFloat64(${aggregates[aggregation]})) AS value,
  toFloat64(sum(weight)) AS spans, toFloat64(sumIf(weight, NOT isNumber)) AS skipped
FROM (
  SELECT
    weight, number, isNumber, toBool(NOT (${isTop})) AS pooled, if(pooled, 'others', toString(grouped)) AS label,
    ${stepOf('start_time')} AS timeMs
  FROM (${matching})
)
GROUP BY GROUPING SETS ((), (label, pooled), (label, pooled, timeMs))
ORDER BY level, pooled, spans DESC, group, timeMs
LIMIT 20000`,
    params: {
      ...scope,
      ...(service ? { service } : {}),
      ...(operation ? { operation } : {}),
      ...(counts ? {} : { attribute }),
      ...(groupBy ? { groupBy, groupsMax } : {}),
      ...Object.fromEntries(
        conditions.flatMap(({ key, value }, at) => [
          [`key${at}`, key],
          [`value${at}`, value],
        ]),
      ),
    },
  }
}

/** Fails where a pattern is no regular expression of ClickHouse (RE2), which no data would tell. */
export function patternsQuery({ conditions }: Pick<InformationPoint, 'conditions'>): Query {
  const patterns = conditions.filter(({ is }) => is === 'matches').map(({ value }) => value)
  const checks = patterns.map((_, at) => `match('', {pattern${at}:String})`)
  return {
    sql: `SELECT ${['1', ...checks].join(', ')}`,
    params: Object.fromEntries(patterns.map((pattern, at) => [`pattern${at}`, pattern])),
  }
}

export interface AttributeKeyRow {
  readonly key: string
  readonly spans: number
  readonly numbers: number
  readonly samples: readonly string[]
}

/** Spans looked at. */
const sampledMax = 20_000

/** Which attributes spans of the application have, of some of them. The range should be short. */
export function attributeKeysQuery(scope: Range & { application: string }): Query {
  return {
    sql: `
SELECT
  pair.1 AS key, toFloat64(count()) AS spans, toFloat64(countIf(isNotNull(toFloat64OrNull(pair.2)))) AS numbers,
  arraySort(groupUniqArray(3)(substring(pair.2, 1, 80))) AS samples
FROM (
  SELECT arrayJoin(arrayZip(mapKeys(attributes), mapValues(attributes))) AS pair FROM (
    SELECT attributes FROM spans
    WHERE application = {application:String} AND NOT sidecar AND ${inSpanRange('start_time')}
    LIMIT ${sampledMax}
  )
)
GROUP BY key
ORDER BY spans DESC, key
LIMIT 300`,
    params: { ...scope },
  }
}
