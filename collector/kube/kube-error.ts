import type { JsonObject, KubeError } from '../record/kube-api.ts'
import { errorText } from '../std/assert.ts'

const messageLengthMax = 500

/** A Status object of the API, whether it is an answer's body or an ERROR event of a watch. */
export function statusError(status: number, body: JsonObject, retryAfter?: string): KubeError {
  const code = typeof body['code'] === 'number' ? body['code'] : status
  const details = body['details'] as { retryAfterSeconds?: unknown } | undefined | null
  const seconds = Number(retryAfter ?? details?.retryAfterSeconds ?? Number.NaN)
  return {
    type: 'error',
    status: code,
    reason: typeof body['reason'] === 'string' ? body['reason'] : '',
    message: String(body['message'] ?? `status ${code}`).slice(0, messageLengthMax),
    ...(Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: Math.min(seconds, 600) * 1000 } : {}),
  }
}

export function networkError(cause: unknown): KubeError {
  return { type: 'error', status: 0, reason: '', message: errorText(cause).slice(0, messageLengthMax) }
}
