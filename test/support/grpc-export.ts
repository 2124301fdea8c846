import { Client, credentials, Metadata } from '@grpc/grpc-js'

const raw = (bytes: Buffer) => bytes

/** One Export of traces by a foreign client; rejects with its ServiceError. */
export function exportOverGrpc(
  address: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const client = new Client(address, credentials.createInsecure())
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
  const deadline = Date.now() + 10_000
  return new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(path, raw, raw, Buffer.from(body), metadata, { deadline }, (error, answer) =>
      error ? reject(error) : resolve(answer ?? Buffer.alloc(0)),
    )
  }).finally(() => client.close())
}
