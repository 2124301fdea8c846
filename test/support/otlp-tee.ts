import { createServer } from 'node:http'

/**
 * Stands between OpenTelemetry SDKs and the agent, forwards every request as it is, and keeps the ids of the spans whose
 * export was answered with success. It reads OTLP/JSON with JSON.parse alone, so that its count is independent of our decoders.
 */
export interface OtlpTee {
  readonly url: string
  /** `traceId/spanId` of every span that an SDK was told is accepted. */
  readonly accepted: Set<string>
  /** Spans in requests that were answered with a failure (the SDK sends them again). */
  failedRequests(): number
  /** Sum of `partialSuccess.rejectedSpans`. */
  rejected(): number
  close(): Promise<void>
}

interface TraceRequest {
  readonly resourceSpans?: { scopeSpans?: { spans?: { traceId: string; spanId: string }[] }[] }[]
}

export async function startOtlpTee(target: string): Promise<OtlpTee> {
  const accepted = new Set<string>()
  let failed = 0
  let rejected = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    try {
      const answer = await fetch(`${target}${request.url}`, {
        method: 'POST',
        headers: { 'content-type': request.headers['content-type'] ?? '' },
        body,
      })
      const text = await answer.text()
      if (answer.status === 200) {
        const partial = (JSON.parse(text || '{}') as { partialSuccess?: { rejectedSpans?: number | string } })
          .partialSuccess
        const rejectedHere = Number(partial?.rejectedSpans ?? 0)
        rejected += rejectedHere
        if (rejectedHere === 0)
          for (const id of idsOf(JSON.parse(body.toString()) as TraceRequest)) accepted.add(id)
      } else failed++
      const retryAfter = answer.headers.get('retry-after')
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'application/json',
        ...(retryAfter ? { 'retry-after': retryAfter } : {}),
      })
      response.end(text)
    } catch {
      failed++
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end('{}')
    }
  })
  const port = await new Promise<number>((done) =>
    server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port)),
  )
  return {
    url: `http://127.0.0.1:${port}`,
    accepted,
    failedRequests: () => failed,
    rejected: () => rejected,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

function idsOf({ resourceSpans = [] }: TraceRequest): string[] {
  return resourceSpans.flatMap(({ scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) =>
      spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`.toLowerCase()),
    ),
  )
}
