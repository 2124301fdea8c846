import { Client, type ClientOptions, credentials, Metadata } from '@grpc/grpc-js'

const raw = (bytes: Buffer) => bytes
const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

export interface GrpcClient {
  /** Rejects with its ServiceError. */
  export(body: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Buffer>
  close(): void
}

/** A foreign client, as it is: it connects again by itself, and sends a call again that a server has not begun. */
export function openGrpcClient(address: string, options: ClientOptions = {}): GrpcClient {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  })
  return {
    export: (body, headers = {}) =>
      new Promise<Buffer>((resolve, reject) => {
        const metadata = new Metadata()
        for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
        const deadline = Date.now() + 10_000
        client.makeUnaryRequest(path, raw, raw, Buffer.from(body), metadata, { deadline }, (error, answer) =>
          error ? reject(error) : resolve(answer ?? Buffer.alloc(0)),
        )
      }),
    close: () => client.close(),
  }
}

/** One Export of traces over a connection of its own. */
export async function exportOverGrpc(
  address: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const client = openGrpcClient(address)
  try {
    return await client.export(body, headers)
  } finally {
    client.close()
  }
}
