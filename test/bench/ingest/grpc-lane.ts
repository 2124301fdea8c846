import { type ClientHttp2Session, connect } from 'node:http2'
import type { Answer, Lane } from './lane.ts'

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const unavailable = '14'
const exhausted = '8'

/** OTLP/gRPC as it is on the wire: gzip messages over a few HTTP/2 connections with many streams each. */
export function openGrpcLane(address: string, connections: number): Lane {
  const sessions: (ClientHttp2Session | undefined)[] = Array.from({ length: connections })
  let next = 0

  /** A server ends its connections after a while, so that replicas balance. */
  function session(): ClientHttp2Session {
    const index = next++ % connections
    const open = sessions[index]
    if (open && !open.closed && !open.destroyed) return open
    const fresh = connect(`http://${address}`)
    // Its streams report it.
    fresh.on('error', () => {})
    sessions[index] = fresh
    return fresh
  }

  return {
    protocol: 'grpc',
    send: (body) => call(session(), body),
    close: async () => {
      // Every call is answered. `close` never calls back for a session that the server's GOAWAY is closing.
      for (const one of sessions) one?.destroy()
    },
  }
}

function call(session: ClientHttp2Session, body: Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      'grpc-encoding': 'gzip',
      te: 'trailers',
    })
    let status: string | undefined
    let answerBytes = 0
    stream.on('response', (headers) => {
      status = headers['grpc-status'] as string | undefined
    })
    stream.on('trailers', (trailers) => {
      status = trailers['grpc-status'] as string | undefined
    })
    stream.on('data', (chunk: Buffer) => {
      answerBytes += chunk.length
    })
    stream.on('error', () => {})
    stream.on('close', () => resolve(answerOf(status, answerBytes)))
    const prefix = Buffer.alloc(5)
    prefix[0] = 1
    prefix.writeUInt32BE(body.length, 1)
    stream.write(prefix)
    stream.end(body)
  })
}

/** The five bytes of the prefix are an empty response; more tell of a partial success. */
function answerOf(status: string | undefined, answerBytes: number): Answer {
  if (status === '0' && answerBytes === 5) return { type: 'accepted' }
  if (status === '0') return { type: 'failed', reason: 'partial success' }
  if (status === unavailable || status === exhausted) return { type: 'again', afterMs: 500 }
  // A stream that crosses the GOAWAY of an aged connection was not looked at: any client sends it again.
  if (status === undefined) return { type: 'again', afterMs: 100 }
  return { type: 'failed', reason: `gRPC ${status}` }
}
