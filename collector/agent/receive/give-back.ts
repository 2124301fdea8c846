/**
 * Frees the memory of bytes that nobody reads any more now, instead of with the garbage: for memory outside of its heap V8 goes
 * through all of the heap, again and again at the rate of the traces. The bytes, and every view of them, are empty from then on.
 * Left alone is what is part of something larger, such as Node's pool of buffers, and what is too small to matter.
 *
 * What still lies with the system (a write to a socket or a file) must be a copy, which it would otherwise read from freed memory.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer, byteLength } = bytes
  if (!(buffer instanceof ArrayBuffer) || byteLength < bytesMin) return
  if (byteLength >= buffer.byteLength - spareBytesMax) buffer.transfer(0)
}

const bytesMin = 16 * 1024
/** Decoders of zlib have a byte more than they fill. */
const spareBytesMax = 1
