import { lookup } from 'node:dns/promises'
import { connect } from 'node:tls'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'

/**
 * What a human looks at when nothing arrives: does the name of the service resolve, and how long is its certificate good.
 * (Whether it answers and takes the key is known from the reports themselves.) At start and every `intervalMs`; with a
 * proxy on the way its certificate cannot be seen from here and is left out.
 */
export interface ServiceChecks {
  run(signal: AbortSignal): Promise<void>
  result(): ServiceCheckResult
}

export interface ServiceCheckResult {
  /** '' when the name resolves or was not looked up yet. */
  readonly dnsProblem: string
  /** Undefined: no TLS, a proxy, or not seen yet. */
  readonly certificateEndsMs: number | undefined
}

const timeoutMs = 5_000

export function createServiceChecks(
  { clock, onResult }: { readonly clock: Clock; readonly onResult: () => void },
  {
    endpoint,
    proxied,
    intervalMs = 600_000,
    soonMs = 30_000,
  }: {
    readonly endpoint: string
    readonly proxied: boolean
    readonly intervalMs?: number
    readonly soonMs?: number
  },
): ServiceChecks {
  const url = new URL(endpoint)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  let result: ServiceCheckResult = { dnsProblem: '', certificateEndsMs: undefined }

  async function dnsProblem(): Promise<string> {
    try {
      await lookup(host)
      return ''
    } catch (error) {
      return errorText(error)
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        const problem = proxied ? '' : await dnsProblem()
        const certificateEndsMs =
          proxied || url.protocol !== 'https:' || problem !== ''
            ? result.certificateEndsMs
            : ((await certificateEnd(host, Number(url.port || 443))) ?? result.certificateEndsMs)
        result = { dnsProblem: problem, certificateEndsMs }
        onResult()
        await clock.sleep(problem === '' ? intervalMs : soonMs, signal)
      }
    },
    result: () => result,
  }
}

/** Looks at the certificate whoever signed it: whether it is trusted is said by the requests. Nothing is sent. */
function certificateEnd(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: host, rejectUnauthorized: false, timeout: timeoutMs })
    const end = (endsMs: number | undefined) => {
      socket.destroy()
      resolve(endsMs)
    }
    socket.once('secureConnect', () => {
      const endsMs = Date.parse(socket.getPeerCertificate().valid_to ?? '')
      end(Number.isFinite(endsMs) ? endsMs : undefined)
    })
    socket.once('error', () => end(undefined))
    socket.once('timeout', () => end(undefined))
  })
}
