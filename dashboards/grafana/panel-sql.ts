import type { Query } from '@binnacle/collector/query/query'
import { rolledUpMs } from '@binnacle/collector/query/red-rollup'

/** SQL expressions in Grafana's terms by the name of a query's parameter. */
export type Bindings = Readonly<Record<string, string>>

/** A reference that Grafana replaces in the text of a query. */
const variable = (name: string): string => `\${${name}}`

/** What Grafana knows on every dashboard: its time range and the width of a step. */
export const timeBindings: Bindings = {
  fromMs: `toInt64(${variable('__from')})`,
  toMs: `toInt64(${variable('__to')})`,
  nowMs: 'toUnixTimestamp64Milli(now64(3))',
  stepMs: `toInt64(${variable('__interval_ms')})`,
}

/**
 * The same up to where minutes are rolled up: how newer calls are named and judged is a setting that a panel does not know. It
 * reads tables of a few rows a minute, so its ranges may be long.
 */
export const rolledUpBindings: Bindings = {
  ...timeBindings,
  toMs: `least(toInt64(${variable('__to')}), toInt64(${rolledUpMs}))`,
}

/** A dashboard variable as one text value, quoted and escaped by Grafana. */
export const textVariable = (name: string): string => variable(`${name}:sqlstring`)

/**
 * A dashboard variable with many values as the parameters of a list filter. "All" must have the custom value `''`, which
 * Grafana passes on as it is: without empty texts the list is empty, and that lets everything pass.
 */
export function listVariable(parameter: string, name: string): Bindings {
  return {
    [`${parameter}In`]: `arrayFilter(value -> value != '', [${textVariable(name)}])`,
    [`${parameter}Out`]: "CAST([], 'Array(String)')",
  }
}

/** The text of a named query with each `{name:Type}` replaced: by its binding, else by the query's own value. */
export function panelSql(query: Query, bindings: Bindings): string {
  return query.sql
    .trim()
    .replace(
      /\{(\w+):([^{}]+)\}/g,
      (_, name: string, type: string) => bindings[name] ?? literal(name, query, type),
    )
}

/**
 * Rows of steps as a time series: Grafana wants a column of time first. `columns` are SQL expressions by legend; of `totals`
 * aggregates over the rows of a step.
 */
export function timeSeriesSql(
  query: Query,
  bindings: Bindings,
  columns: Readonly<Record<string, string>>,
  totals = false,
): string {
  const selected = Object.entries(columns).map(([legend, expression]) => `${expression} AS "${legend}"`)
  return [
    `SELECT fromUnixTimestamp64Milli(toInt64(timeMs)) AS time, ${selected.join(', ')}`,
    `FROM (\n${panelSql(query, bindings)}\n)`,
    ...(totals ? ['GROUP BY time'] : []),
    'ORDER BY time',
  ].join('\n')
}

interface TableOptions {
  /** SQL expressions by header. */
  readonly columns: Readonly<Record<string, string>>
  readonly where?: string
  /** SQL text of a join, which brings names to the `row`s. */
  readonly join?: string
}

/** A named query as a table with chosen columns. */
export function tableSql(query: Query, bindings: Bindings, options: TableOptions): string {
  const selected = Object.entries(options.columns).map(
    ([header, expression]) => `${expression} AS "${header}"`,
  )
  const where = options.where ? `\nWHERE ${options.where}` : ''
  const join = options.join ? ` AS row\n${options.join}` : ''
  return `SELECT ${selected.join(', ')}\nFROM (\n${panelSql(query, bindings)}\n)${join}${where}`
}

function literal(name: string, query: Query, type: string): string {
  const value = query.params[name]
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `CAST([${value.map((one) => quote(String(one))).join(', ')}], '${type}')`
  throw new Error(`cannot put parameter ${name} into a panel: it is neither bound nor a plain value`)
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
