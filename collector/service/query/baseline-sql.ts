import { type BaselineWindow, type Season, seasonDays } from './baseline.ts'
import { mergedQuantilesNs } from './duration-buckets.ts'
import { flowIdOf } from './flow-map.ts'
import type { Query } from './query.ts'
import { kindName } from './span-sql.ts'

/** The hours of the past that baselines are made of, from the hourly rollups; which hours count is said in baseline.ts. */

/** What has a baseline: an application by the calls that enter it, tiers and operations by all their entry spans; edges of flow maps. */
export type BaselineLevel = 'application' | 'tier' | 'operation' | 'transaction' | 'edge'

interface Level {
  readonly table: string
  readonly keys: string
  readonly condition: string
  /** SQL text: the keys, where they are no columns. */
  readonly keyColumns?: string
}

const levels: Readonly<Record<BaselineLevel, Level>> = {
  application: { table: 'applications_1h', keys: 'application', condition: 'true' },
  tier: { table: 'red_1h', keys: 'application, service', condition: 'true' },
  operation: { table: 'red_1h', keys: 'application, service, operation, kind', condition: 'true' },
  transaction: {
    table: 'transactions_1h',
    keys: 'application, service, transaction',
    condition: "transaction != ''",
  },
  edge: {
    table: 'edges_1h',
    keys: 'caller, callee, async',
    keyColumns: `${flowIdOf('caller')} AS caller, ${flowIdOf('callee')} AS callee, async`,
    condition: 'true',
  },
}

/** SQL text: the row is of the application that is asked for. */
const isMine = (level: BaselineLevel) =>
  level === 'edge'
    ? '(callee_application = {application:String} OR caller_application = {application:String})'
    : "({application:String} = '' OR application = {application:String})"

export interface BaselineScope {
  readonly level: BaselineLevel
  /** Empty: of every application. */
  readonly application: string
  readonly season: Season
  /** Name of a time zone: hours and days are those of its clocks. */
  readonly zone: string
}

/** SQL text: the number of an hour's season, as `seasonOf` of baseline.ts counts. */
const seasonSql: Readonly<Record<Season, string>> = {
  all: '0',
  daily: 'toHour(hour, {zone:String})',
  weekly: 'toDayOfWeek(hour, 0, {zone:String}) * 24 + toHour(hour, {zone:String})',
  monthly: 'toDayOfMonth(hour, {zone:String}) * 24 + toHour(hour, {zone:String})',
}

/** SQL text: figures of each entity and hour, and which hours are stored at all: each table says of each, this one in the fewest rows. `only`: a condition on the keys. */
function hoursBefore(
  { level, season, ...scope }: BaselineScope,
  windows: readonly BaselineWindow[],
  only = 'true',
) {
  const { table, keys, keyColumns = keys, condition } = levels[level]
  const befores = windows.map((window) => window.beforeMs / 1000)
  const past = `hour >= toDateTime({firstS:UInt32}) AND hour < toDateTime({beforeS:UInt32}) AND has({seasons:Array(UInt16)}, ${seasonSql[season]})`
  return {
    keys,
    stored: `(SELECT groupUniqArray((toUnixTimestamp(hour), toUInt16(${seasonSql[season]}))) FROM applications_1h WHERE ${past})`,
    hourly: `(
    SELECT
      ${keyColumns}, toUnixTimestamp(hour) AS hourS, sum(calls) AS n, sum(errors) AS failed, sum(duration_sum_ns) / n / 1e6 AS mean,
      least(${mergedQuantilesNs('duration_buckets', 'duration_counts')}[2] / 1e6, max(duration_max_ns) / 1e6) AS p95
    FROM ${table}
    WHERE ${past} AND calls > 0 AND ${isMine(level)} AND ${condition} AND ${only}
      AND (hour, generation) IN (SELECT hour, max(generation) FROM ${table} WHERE ${past} GROUP BY hour)
    GROUP BY ${keys}, hour
  )`,
    params: {
      ...scope,
      firstS: Math.max(0, Math.min(...befores) - seasonDays[season] * 86_400),
      beforeS: Math.max(...befores),
      seasons: [...new Set(windows.flatMap((window) => [...window.seasons]))],
    },
  }
}

export interface BaselineHoursRow {
  /** Hours of which anything is stored, Unix s, with the number of their season. */
  readonly stored: readonly (readonly [hourS: number, season: number])[]
  /** Hours with calls, and their figures in the order of `baselineMetrics`. */
  readonly called: readonly (readonly [hourS: number, ...figures: number[]])[]
}

/** SQL text: `called` of BaselineHoursRow. */
const called = 'groupArray((hourS, n / 60, mean, p95, failed / 60, failed / n))'

/** The hours behind the windows of the charts of one application, tier or transaction. */
export function baselineHoursQuery(
  scope: BaselineScope & { readonly service?: string; readonly transaction?: string },
  windows: readonly BaselineWindow[],
): Query {
  const { stored, hourly, params } = hoursBefore(scope, windows)
  const own = (['service', 'transaction'] as const)
    .filter((key) => scope[key] !== undefined)
    .map((key) => `${key} = {${key}:String}`)
  return {
    sql: `
SELECT ${stored} AS stored, ${called} AS called
FROM ${hourly}
WHERE ${own.join(' AND ') || 'true'}`,
    params,
  }
}

/** The hours of one entity: see Entity of api/baselines.ts. */
export interface EntityHoursRow extends BaselineHoursRow {
  /** Not of edges, which are of the application that was asked for. */
  readonly application?: string
  /** Not at the level of applications. */
  readonly service?: string
  readonly transaction?: string
  /** Of operations. */
  readonly operation?: string
  readonly kind?: string
  /** Of edges: see FlowEdgeRow. */
  readonly caller?: string
  readonly callee?: string
  readonly async?: boolean
}

/**
 * The hours behind one window, of each entity that was called in them. `only`: SQL text of a condition on the keys.
 */
export function entityHoursQuery(scope: BaselineScope, window: BaselineWindow, only?: string): Query {
  const { keys, stored, hourly, params } = hoursBefore(scope, [window], only)
  return {
    sql: `
SELECT ${keys.replace('kind', `${kindName('past.kind')} AS kind`)}, ${stored} AS stored, ${called} AS called
FROM ${hourly} AS past
GROUP BY ${keys}
ORDER BY ${keys}
LIMIT 20000`,
    params,
  }
}
