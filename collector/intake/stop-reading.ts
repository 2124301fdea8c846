import type { ServerHttp2Stream } from 'node:http2'

const noError = 0
const flushMs = 50

/**
 * After an answer: what its sender still writes is thrown away, and after a moment no longer listened to, by a reset without
 * error (RFC 9113, section 8.1). At once, the reset would overtake the answer.
 */
export function stopReading(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return
  stream.resume()
  const timer = setTimeout(() => stream.close(noError), flushMs)
  stream.once('close', () => clearTimeout(timer))
}
