/** Facts of ClickHouse's HTTP protocol: statuses, content types and headers (ClickHouse docs, "HTTP Interface"). */

/** Exception codes that the server answers with something other than 500. */
const statusByCode = new Map<number, number>([
  ...[
    36, 41, 42, 43, 44, 53, 62, 69, 70, 72, 117, 184, 190, 27, 26, 6, 38, 130, 131, 33, 456, 457, 36, 452,
  ].map((code) => [code, 400] as const),
  ...[46, 47, 48, 50, 56, 57, 60, 63, 73, 79, 81, 115].map((code) => [code, 404] as const),
  [48, 501],
  [57, 500],
  [159, 408],
  [202, 503],
  [209, 503],
  [516, 403],
  [497, 403],
  [164, 403],
])

export function statusOf(code: number): number {
  return statusByCode.get(code) ?? 500
}

/** The code in `Code: 60. DB::Exception: …`; 1002 (unknown exception) when the text carries none. */
export function codeOf(message: string): number {
  return Number(/Code: (\d+)\./.exec(message)?.[1] ?? 1002)
}

const contentTypes: readonly (readonly [pattern: RegExp, type: string])[] = [
  [
    /^JSON$|^JSON(Compact|Strings|ColumnsWithMetadata|CompactStrings)?$|^JSONColumns|^JSONObject/,
    'application/json; charset=UTF-8',
  ],
  [/EachRow|^JSONLines|^NDJSON/, 'application/x-ndjson; charset=UTF-8'],
  [/^CSV/, 'text/csv; charset=UTF-8; header=absent'],
  [/^(TSV|TabSeparated)/, 'text/tab-separated-values; charset=UTF-8'],
  [/^XML/, 'application/xml; charset=UTF-8'],
  [/^(Native|RowBinary|Arrow|Parquet|ORC|Avro|MsgPack|Protobuf|CapnProto|BSON)/, 'application/octet-stream'],
]

export function contentTypeOf(format: string): string {
  return contentTypes.find(([pattern]) => pattern.test(format))?.[1] ?? 'text/plain; charset=UTF-8'
}

/** URL parameters that are the protocol's own; every other one is a setting. */
const reserved = new Set([
  'query',
  'database',
  'default_format',
  'query_id',
  'user',
  'password',
  'quota_key',
  'role',
  'compress',
  'decompress',
  'enable_http_compression',
  'http_zlib_compression_level',
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'send_logs_level',
  'cancel_http_readonly_queries_on_client_close',
  'session_id',
  'session_timeout',
  'session_check',
  'stacktrace',
  'log_comment',
])

export interface Parameters {
  readonly query: string
  readonly database: string
  readonly defaultFormat: string
  readonly queryId: string
  readonly sessionId: string | undefined
  readonly compressResponse: boolean
  readonly settings: ReadonlyMap<string, string>
  /** Values of `param_NAME`, still in ClickHouse's escaped text form. */
  readonly queryParameters: ReadonlyMap<string, string>
}

export function readParameters(url: URL, headers: Record<string, string | string[] | undefined>): Parameters {
  const settings = new Map<string, string>()
  const queryParameters = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) queryParameters.set(name.slice('param_'.length), value)
    else if (!reserved.has(name)) settings.set(name, value)
  }
  const header = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined)
  const get = (name: string) => url.searchParams.get(name) ?? undefined
  return {
    query: get('query') ?? '',
    database: get('database') ?? header('x-clickhouse-database') ?? '',
    defaultFormat: get('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    queryId: get('query_id') ?? crypto.randomUUID(),
    sessionId: get('session_id'),
    compressResponse: get('enable_http_compression') === '1',
    settings,
    queryParameters,
  }
}
