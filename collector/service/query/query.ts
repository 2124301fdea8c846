/**
 * A question to ClickHouse: fixed SQL text and its parameters. Values are never put into the text, and time bounds are always
 * `{fromMs:Int64}` (inclusive) and `{toMs:Int64}` (exclusive), so that a Grafana panel can use the same text by substitution.
 * Counts are cast to Float64 where they leave the database: they fit (2^53), and no client has to deal with quoted numbers.
 */
export interface Query {
  readonly sql: string
  readonly params: Record<string, unknown>
}

/** `from` inclusive, `to` exclusive, Unix ms. */
export interface Range extends Known {
  readonly fromMs: number
  readonly toMs: number
}

/** What is known of spans already (known.ts): a question that knows it is understood faster, and has the same answer. */
export interface Known {
  /** Up to here minutes are read from rollups. */
  readonly rolledUpMs?: number
  /** No span that starts since then is of a sidecar; no consumer has a link. */
  readonly noSidecarsSinceMs?: number
  readonly noLinksSinceMs?: number
}

/** Values to keep (empty: all) and values to leave out. */
export interface ListFilter {
  readonly in: readonly string[]
  readonly out: readonly string[]
}

export const everything: ListFilter = { in: [], out: [] }

/** SQL text: the column's time lies in the range. Of spans: `inSpanRange`. */
export function inRange(column: string): string {
  return `${column} >= fromUnixTimestamp64Milli({fromMs:Int64}) AND ${column} < fromUnixTimestamp64Milli({toMs:Int64})`
}

/** SQL text: `expression` passes the list filter whose parameters are `<name>In` and `<name>Out`. */
export function passes(name: string, expression: string): string {
  return `((empty({${name}In:Array(String)}) OR has({${name}In:Array(String)}, ${expression})) AND NOT has({${name}Out:Array(String)}, ${expression}))`
}

/** The parameters that `passes` names. */
export function listParams(filters: Readonly<Record<string, ListFilter>>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(filters).flatMap(([name, filter]) => [
      [`${name}In`, filter.in],
      [`${name}Out`, filter.out],
    ]),
  )
}

/** SQL text: Unix ms of the step that holds the column's time. Steps are multiples of `{stepMs:Int64}` since 1970. */
export function stepOf(column: string): string {
  return `intDiv(toUnixTimestamp64Milli(${column}), {stepMs:Int64}) * {stepMs:Int64}`
}
