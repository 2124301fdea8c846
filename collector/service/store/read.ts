import http from 'node:http'
import https from 'node:https'
import { parseError } from '@clickhouse/client'

/**
 * Statements that read, over ClickHouse's HTTP protocol. The client library lets a timer pass before each request, which is 1 to
 * 1.7 of the 3 ms that a short question takes (docs/decisions/0022-speed-of-questions.md); all that writes goes through it.
 */
export interface Reader {
  /** The answer's text. Throws the library's `ClickHouseError`, whose `code` is ClickHouse's, where ClickHouse refused. */
  read(statement: Reading): Promise<string>
  close(): void
}

export interface Reading {
  readonly sql: string
  /** Values of `{name:Type}`. */
  readonly params: Readonly<Record<string, unknown>>
  readonly signal: AbortSignal | undefined
}

export interface ReaderConfig {
  readonly url: string
  readonly username: string
  readonly password: string
  /** Of every statement: its database and settings. */
  readonly fixed: Readonly<Record<string, string | number>>
  readonly timeoutMs: number
  /** Requests beyond wait. */
  readonly connectionsMax: number
  /** A connection that nobody uses is closed then. */
  readonly idleMs: number
}

export function createReader({
  url,
  username,
  password,
  fixed,
  timeoutMs,
  connectionsMax,
  idleMs,
}: ReaderConfig): Reader {
  const target = new URL(url)
  const { Agent, request: begin } = target.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: connectionsMax, timeout: idleMs })
  // As the library reads an address.
  const user = decodeURIComponent(target.username) || username
  const secret = decodeURIComponent(target.password) || password
  const headers = {
    Authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`,
    'Content-Type': 'text/plain; charset=UTF-8',
  }
  const common = Object.entries(fixed).map(([name, value]): Pair => [name, String(value)])

  function read(statement: Reading): Promise<string> {
    const { sql, params, signal } = statement
    const named = Object.entries(params).filter(([name]) => sql.includes(`{${name}:`))
    const given = named.map(([name, value]): Pair => [`param_${name}`, parameterText(value)])
    const address = new URL(`/?${new URLSearchParams([...common, ...given])}`, target)
    const options = { method: 'POST', agent, headers, timeout: timeoutMs, ...(signal && { signal }) }
    return new Promise((resolve, reject) => {
      const request = begin(address, options)
      let answered = false
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The server closed an idle connection just when it was taken: a question can be asked again.
        const isStale = request.reusedSocket && error.code === 'ECONNRESET' && !answered
        if (isStale) read(statement).then(resolve, reject)
        else reject(error)
      })
      request.once('timeout', () => request.destroy(new Error(`timeout: no answer within ${timeoutMs} ms`)))
      request.once('response', (response) => {
        answered = true
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString()
          const isRefused = response.statusCode !== 200 || 'x-clickhouse-exception-code' in response.headers
          if (isRefused) reject(parseError(text))
          else resolve(text)
        })
      })
      request.end(`${sql}\nFORMAT JSONEachRow`)
    })
  }

  return { read, close: () => agent.destroy() }
}

type Pair = [name: string, value: string]

const escapes: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  "'": "\\'",
  '\\': '\\\\',
}

/** A value of `{name:Type}` as the protocol wants it: TabSeparated's escapes, quotes within arrays. */
function parameterText(value: unknown, isElement = false): string {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return String(value)
    case 'boolean':
      return value ? '1' : '0'
    case 'string': {
      const text = value.replace(/[\t\n\r'\\]/g, (character) => escapes[character] ?? '')
      return isElement ? `'${text}'` : text
    }
  }
  if (Array.isArray(value)) return `[${value.map((one) => parameterText(one, true)).join(',')}]`
  throw new Error(`BUG: a parameter of a query is ${JSON.stringify(value)}`)
}
