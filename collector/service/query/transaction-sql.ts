/**
 * The name of the business transaction that an entry span is, when it enters its application. By the semantic conventions of
 * HTTP, RPC, messaging and FaaS, current and previous (https://opentelemetry.io/docs/specs/semconv/):
 *
 *   HTTP        `GET /cart/{id}`: the method and the route, else the first two segments of the path with ids as `{id}`
 *   RPC         `package.Service/Method`
 *   messaging   the destination
 *   FaaS        `trigger/function`
 *   else        the operation
 *
 * Two segments are the vendor's default for HTTP (research: AppDynamics' "first two URI segments").
 */

/** SQL text: the value of a span attribute. */
export type AttributeOf = (key: string) => string

export const storedAttribute: AttributeOf = (key) => `attributes[${textLiteral(key)}]`

/** Texts of rules are literals: a URL, which carries parameters, would not hold hundreds of them. */
export const textLiteral = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const firstOf = (attribute: AttributeOf, keys: readonly string[], otherwise = "''") =>
  `multiIf(${keys.map((key) => `${attribute(key)} != '', ${attribute(key)}`).join(', ')}, ${otherwise})`

/** `http.path` is Zipkin's. `path()` of ClickHouse is that of a URL, without its query. */
const paths = ['url.path', 'http.target', 'http.path'] as const
const urls = ['url.full', 'http.url'] as const

/** SQL text: the whole path of an HTTP request, without query and fragment; '' when the span does not tell. */
export const pathOf = (attribute: AttributeOf): string =>
  `extract(${firstOf(attribute, paths, `path(${firstOf(attribute, urls)})`)}, '^[^?#]*')`

/** SQL text: the segments of a path. What follows `;` is a parameter of a segment. */
export const segmentsOf = (path: string): string =>
  `arrayFilter(segment -> segment != '', arrayMap(segment -> extract(segment, '^[^;]*'), splitByChar('/', ${path})))`

/** Numbers and dates, UUIDs and other hexadecimal digits, and long tokens with a digit. */
const isId = (segment: string) =>
  `(match(${segment}, '^(?:[0-9][0-9._:,-]*|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,})$') OR (match(${segment}, '^[A-Za-z0-9_=~.-]{20,}$') AND match(${segment}, '[0-9]')))`

const segmentsMax = 2
const segmentCharsMax = 80
export const nameCharsMax = 300

/** SQL text: the path that a name has: `/cart/{id}`; '' of no path. */
export const shortPathOf = (path: string): string =>
  `if(${path} = '', '', concat('/', arrayStringConcat(arrayMap(segment -> if(${isId('segment')}, '{id}', substring(segment, 1, ${segmentCharsMax})), arraySlice(${segmentsOf(path)}, 1, ${segmentsMax})), '/')))`

const isHttp = "http_method != ''"
const isNamedRpc = "(rpc_system != '' AND position(operation, '/') > 0)"
const method = "if(http_method = '_OTHER', 'HTTP', toString(http_method))"
const joined = (left: string, right: string) => `trimBoth(concat(${left}, ' ', ${right}))`

/** SQL text: the span must be asked for its attributes, which are dear to read. */
export const needsAttributes = `multiIf(http_route != '' OR ${isNamedRpc}, false, http_method != '' OR rpc_system != '', true, messaging_destination = '')`

/**
 * SQL text: the name. Names `httpPath`, which is `pathOf` in the same SELECT. Without an `attribute` it is right for spans that
 * do not need any.
 */
export function defaultName(attribute: AttributeOf | undefined): string {
  const named = [
    `http_route != '', ${joined(method, 'toString(http_route)')}`,
    `${isNamedRpc}, replaceRegexpOne(toString(operation), '^/', '')`,
  ]
  if (attribute)
    named.push(
      `${isHttp} AND httpPath != '', ${joined(method, shortPathOf('httpPath'))}`,
      `${isHttp}, toString(operation)`,
      `rpc_system != '' AND ${attribute('rpc.method')} != '', if(${attribute('rpc.service')} = '', ${attribute('rpc.method')}, concat(${attribute('rpc.service')}, '/', ${attribute('rpc.method')}))`,
    )
  named.push("messaging_destination != '', toString(messaging_destination)")
  if (attribute)
    named.push(
      `${attribute('faas.trigger')} != '', concat(${attribute('faas.trigger')}, '/', if(${attribute('faas.name')} = '', toString(operation), ${attribute('faas.name')}))`,
    )
  return `substring(multiIf(${named.join(', ')}, toString(operation)), 1, ${nameCharsMax})`
}
