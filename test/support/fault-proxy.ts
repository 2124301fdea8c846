import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Random } from '../bench/corpus/random.ts'

/** What can go wrong between the service and ClickHouse. Errors are told as ClickHouse tells them. */
export const faults = [
  'refused',
  'slow',
  'read-only',
  'read-only-table',
  'disk-full',
  'memory-limit',
  'too-many-parts',
  'garbage',
  'cut-request',
  'lost-answer',
  'cut-answer',
  'exception-in-200',
] as const
export type Fault = (typeof faults)[number]

const errors: Partial<Record<Fault, readonly [code: number, text: string]>> = {
  'read-only': [164, 'DB::Exception: Cannot execute query in readonly mode. (READONLY)'],
  'read-only-table': [242, 'DB::Exception: Table is in readonly mode. (TABLE_IS_READ_ONLY)'],
  'disk-full': [243, 'DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)'],
  'memory-limit': [241, 'DB::Exception: (total) memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)'],
  'too-many-parts': [252, 'DB::Exception: Too many parts (3000). (TOO_MANY_PARTS)'],
}

export interface FaultProxy {
  readonly url: string
  /** From now on each INSERT meets one of these, or none of them with the probability `well`. Empty: all is well. */
  setFaults(kinds: readonly Fault[], options?: { readonly well?: number }): void
  /** How often each was met. */
  met(): ReadonlyMap<Fault, number>
  close(): Promise<void>
}

const slowMs = 1_500

/** An HTTP proxy in front of ClickHouse whose faults hit INSERTs; what only reads passes. */
export async function startFaultProxy(targetUrl: string, random: Random): Promise<FaultProxy> {
  const target = new URL(targetUrl)
  const met = new Map<Fault, number>()
  let kinds: readonly Fault[] = []
  let wellShare = 0

  function pick(incoming: IncomingMessage): Fault | undefined {
    const query = new URL(incoming.url ?? '/', targetUrl).searchParams.get('query') ?? ''
    if (kinds.length === 0 || !/^\s*INSERT/i.test(query) || random.unit() < wellShare) return undefined
    const fault = kinds[random.below(kinds.length)]
    if (fault) met.set(fault, (met.get(fault) ?? 0) + 1)
    return fault
  }

  const server = createServer((incoming, outgoing) => {
    const fault = pick(incoming)
    const error = fault && errors[fault]
    if (fault === 'refused') incoming.socket.destroy()
    else if (fault === 'cut-request') incoming.once('data', () => incoming.socket.destroy())
    else if (error) answerAfterBody(incoming, outgoing, { status: 500, code: error[0], text: error[1] })
    else if (fault === 'garbage')
      answerAfterBody(incoming, outgoing, { status: 500, text: '<html>bad gateway' })
    else if (fault === 'exception-in-200')
      answerAfterBody(incoming, outgoing, {
        status: 200,
        text: 'Code: 241. DB::Exception: memory limit exceeded',
      })
    else if (fault === 'slow') setTimeout(() => forward(incoming, outgoing), slowMs)
    else forward(incoming, outgoing, fault)
  })

  function forward(incoming: IncomingMessage, outgoing: ServerResponse, fault?: Fault): void {
    const { hostname, port } = target
    const onward = request(
      {
        hostname,
        port,
        method: incoming.method,
        path: incoming.url,
        headers: { ...incoming.headers, host: target.host },
      },
      (answer) => {
        if (fault === 'lost-answer') {
          answer.resume().once('end', () => outgoing.destroy())
          return
        }
        if (fault === 'cut-answer') {
          answer.resume().once('end', () => {
            outgoing.writeHead(200, { 'content-length': '100' })
            outgoing.write('Code', () => outgoing.destroy())
          })
          return
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    onward.once('error', () => outgoing.destroy())
    outgoing.once('close', () => onward.destroy())
    incoming.pipe(onward)
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (!address || typeof address !== 'object') throw new Error('the proxy has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    setFaults(now, { well = 0 } = {}) {
      kinds = now
      wellShare = well
    },
    met: () => met,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

function answerAfterBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { status, code, text }: { readonly status: number; readonly code?: number; readonly text: string },
): void {
  incoming.resume().once('end', () => {
    const headers = code === undefined ? {} : { 'x-clickhouse-exception-code': String(code) }
    outgoing.writeHead(status, headers).end(code === undefined ? text : `Code: ${code}. ${text}`)
  })
}
