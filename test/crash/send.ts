import { logBatchOf, logRequest, type RequestOf, traceRequest } from './requests.ts'

export interface Sending {
  /** `http://host:port` of the service. */
  readonly url: string
  readonly signal: AbortSignal
  /** How long between two tries; the answer's Retry-After (1 to 5 s) is only looked at, so that tests are short. */
  readonly pauseMs?: number
}

/** Sent until it is acknowledged; says how many tries it took. An answer that would make a sender drop its data throws. */
export async function sendTraces(of: RequestOf, sending: Sending): Promise<number> {
  return sendUntilStored('traces', traceRequest(of), {}, sending)
}

/** As our agent sends: with a batch id, marked as a resend from the second try on. */
export async function sendLogBatch(of: RequestOf, sending: Sending): Promise<number> {
  const headers = { 'binnacle-batch-id': logBatchOf(of) }
  return sendUntilStored('logs', logRequest(of), headers, sending)
}

async function sendUntilStored(
  signalName: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>>,
  { url, signal, pauseMs = 150 }: Sending,
): Promise<number> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted()
    const resend = tries > 1 && headers['binnacle-batch-id'] ? { 'binnacle-batch-resend': '1' } : {}
    const response = await fetch(`${url}/v1/${signalName}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', ...headers, ...resend },
      body: Buffer.from(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
    }).catch(() => undefined)
    // The service is away, or died in the middle: the sender knows nothing.
    const answer = response && (await response.text().catch(() => undefined))
    if (response && answer !== undefined) {
      if (response.status === 200) {
        if (answer !== '') throw new Error(`a partial success: ${answer}`)
        return tries
      }
      checkComeAgain(response, answer)
    }
    await new Promise((done) => setTimeout(done, pauseMs))
  }
}

function checkComeAgain({ status, headers }: Response, answer: string): void {
  const afterSeconds = Number(headers.get('retry-after'))
  if ((status === 429 || status === 503) && afterSeconds >= 1 && afterSeconds <= 5) return
  throw new Error(
    `a sender would drop its data: ${status}, Retry-After ${headers.get('retry-after')}, ${answer}`,
  )
}
