/** Facts of ClickHouse's HTTP protocol: statuses, content types, parameters (https://clickhouse.com/docs/interfaces/http). */

/** Exception codes that a server answers with something other than 500 (its exceptionCodeToHTTPStatus.cpp). */
const codesByStatus: Record<number, readonly number[]> = {
  400: [
    6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675,
    676,
  ],
  401: [194],
  403: [192, 193, 497, 512, 516],
  404: [46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511],
  408: [159],
  411: [381],
  413: [229],
  501: [48],
  503: [76, 209, 439],
}
const statusByCode = new Map(
  Object.entries(codesByStatus).flatMap(([status, codes]) =>
    codes.map((code) => [code, Number(status)] as const),
  ),
)

export function statusOf(code: number): number {
  return statusByCode.get(code) ?? 500
}

/** The code in `Code: 60. DB::Exception: …`; 1002 (unknown exception) when the text carries none. */
export function codeOf(message: string): number {
  return Number(/Code: (\d+)\./.exec(message)?.[1] ?? 1002)
}

/** An error of ours in ClickHouse's form. */
export class Refusal extends Error {
  readonly status: number
  readonly code: number
  constructor(status: number, code: number, text: string) {
    super(`Code: ${code}. DB::Exception: ${text}`)
    this.status = status
    this.code = code
  }
}

const contentTypes: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/^JSON.*(EachRow|Lines)|^NDJSON/, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/, 'application/json; charset=UTF-8'],
  [/^CSVWithNames/, 'text/csv; charset=UTF-8; header=present'],
  [/^CSV/, 'text/csv; charset=UTF-8; header=absent'],
  [/^(TSV|TabSeparated)/, 'text/tab-separated-values; charset=UTF-8'],
  [/^XML/, 'application/xml; charset=UTF-8'],
  [
    /^(Native|RowBinary|Arrow|Parquet|ORC|Avro|MsgPack|Protobuf|CapnProto|BSON|Npy|Buffers)/,
    'application/octet-stream',
  ],
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
  'network_compression_method',
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
  readonly compressResponse: boolean
  readonly settings: ReadonlyMap<string, string>
  /** Values of `param_NAME`, still in ClickHouse's escaped text form. */
  readonly queryParameters: ReadonlyMap<string, string>
}

export function readParameters(url: URL, headers: Record<string, string | string[] | undefined>): Parameters {
  const settings = new Map<string, string>()
  const queryParameters = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (name.startsWith('param_')) queryParameters.set(plainName(name.slice('param_'.length)), value)
    else if (!reserved.has(name)) settings.set(plainName(name), value)
  }
  const header = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined)
  const get = (name: string) => url.searchParams.get(name) ?? undefined
  refuseUnsupported(get)
  return {
    query: get('query') ?? '',
    database: get('database') ?? header('x-clickhouse-database') ?? '',
    defaultFormat: get('default_format') ?? header('x-clickhouse-format') ?? 'TabSeparated',
    queryId: get('query_id') || crypto.randomUUID(),
    compressResponse: get('enable_http_compression') === '1',
    settings,
    queryParameters,
  }
}

/** Names become part of a SET statement, so nothing but a name may pass. */
function plainName(name: string): string {
  if (!/^\w+$/.test(name)) throw new Refusal(404, 115, `Unknown setting '${name}'. (UNKNOWN_SETTING)`)
  return name
}

function refuseUnsupported(get: (name: string) => string | undefined): void {
  const unsupported = (what: string) =>
    new Refusal(501, 48, `${what} not supported by the embedded engine. (NOT_IMPLEMENTED)`)
  if (get('session_id')) throw unsupported('Sessions are')
  if (get('compress') === '1' || get('decompress') === '1')
    throw unsupported('The native compression of bodies (compress, decompress) is')
}
