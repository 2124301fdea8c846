import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import { fastify } from 'fastify'
import { registerOtlpRoutes } from '../../../collector/intake/otlp-http.ts'
import { createOtlpListener } from '../../../collector/intake/otlp-listener.ts'
import type { OtlpHandler } from '../../../collector/record/otlp.ts'

/** One listener in a process of its own, with a handler that accepts whatever comes; writes its port. */
const handler: OtlpHandler = async () => ({ type: 'accepted', rejected: 0, message: '' })
const host = '127.0.0.1'
const listener = (inflate: 'listener' | 'handler') => async () =>
  (await createOtlpListener({ handler, inflate, host, port: 0 })).port

const servers: Readonly<Record<string, () => Promise<number>>> = {
  ours: listener('handler'),
  'ours-inflating': listener('listener'),
  fastify: async () => {
    const app = fastify({ logger: false })
    registerOtlpRoutes(app, { handler, inflate: 'handler' })
    return Number(new URL(await app.listen({ host, port: 0 })).port)
  },
  'grpc-js': grpcJs,
}

/** What the intake was before: raw bytes in, an empty answer out. */
function grpcJs(): Promise<number> {
  const raw = (bytes: Buffer) => bytes
  const server = new Server({ 'grpc.max_receive_message_length': 64 * 1024 ** 2 })
  const method = {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  } as const
  server.addService(
    { Export: method },
    {
      Export: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) =>
        void handler({
          signal: 'traces',
          encoding: 'protobuf',
          body: call.request,
          peerAddress: call.getPeer(),
          batchId: '',
          resend: false,
        }).then(() => done(null, Buffer.alloc(0))),
    },
  )
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:0`, ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    )
  })
}

const start = servers[process.argv[2] ?? '']
if (!start) throw new Error(`one of ${Object.keys(servers).join(', ')}`)
process.stdout.write(`port ${await start()}\n`)
