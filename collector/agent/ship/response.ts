import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire'

/**
 * `Export…ServiceResponse { partial_success = 1 { rejected_… = 1, error_message = 2 } }`, the same for all signals.
 * An answer that cannot be read is a plain success: the status code has already said so.
 */
export function readPartialSuccess(body: Uint8Array): {
  readonly rejected: number
  readonly message: string
} {
  let rejected = 0
  let message = ''
  try {
    eachField(body, (field, reader) => {
      if (field !== 1) return false
      eachField(reader.bytes(), (inner, part) => {
        if (inner === 1) rejected = Math.max(0, Number(part.int64()))
        else if (inner === 2) message = part.string()
        else return false
        return true
      })
      return true
    })
  } catch {
    return { rejected: 0, message: '' }
  }
  return { rejected, message }
}

const messageCharsMax = 500

/** `google.rpc.Status { message = 2 }`, or the text that a proxy wrote. */
export function readStatusMessage(body: Uint8Array, contentType: string): string {
  let message = ''
  try {
    if (contentType.startsWith('application/x-protobuf'))
      eachField(body, (field, reader) => {
        if (field !== 2) return false
        message = reader.string()
        return true
      })
    else message = Buffer.from(body).toString('utf8').replaceAll(/\s+/g, ' ')
  } catch {
    message = ''
  }
  return message.slice(0, messageCharsMax)
}

/** Calls `read` for every field; it returns false when it left the value to be skipped. */
function eachField(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wireType]: [number, WireType] = reader.tag()
    if (!read(field, reader)) reader.skip(wireType, field)
  }
}
