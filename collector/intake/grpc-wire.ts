/** The words of gRPC over HTTP/2 (grpc/grpc, doc/PROTOCOL-HTTP2.md) that a server of unary calls needs. */

/** A message is led by one byte that tells whether it is compressed, and four of its length. */
export const frameHeadBytes = 5

export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(frameHeadBytes + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, frameHeadBytes)
  return frame
}

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
}

/** `grpc-timeout`, such as `9998m`, in ms; without one, or with one that makes no sense, a call has all the time there is. */
export function grpcTimeoutMs(text: string | undefined): number {
  const match = text === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(text)
  if (!match) return Number.POSITIVE_INFINITY
  return Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.POSITIVE_INFINITY)
}

/** `grpc-message`: UTF-8, with a percent sign and everything but printable ASCII escaped byte by byte. */
export function percentEncode(message: string): string {
  if (/^[ -$&-~]*$/.test(message)) return message
  let text = ''
  for (const byte of Buffer.from(message)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    text += plain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

/** The value of a header whose name ends in `-bin`. */
export function binaryHeader(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
