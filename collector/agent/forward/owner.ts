import { readProto } from '../../wire/proto-reader.ts'

/**
 * Which of several replicas decides about a trace: rendezvous hashing (Thaler and Ravishankar 1998), so that a replica that
 * comes or goes moves only the traces that it gets or had. All replicas that know of the same ones agree.
 */
export function createOwners(replicas: readonly string[]): (traceId: Uint8Array) => string {
  const seeds = replicas.map(hashOf)
  return (traceId) => {
    // The last eight bytes are random by W3C Trace Context; of ids of 64 bits they are all there is.
    const view = new DataView(traceId.buffer, traceId.byteOffset + 8, 8)
    const id = mix(view.getUint32(0) ^ mix(view.getUint32(4)))
    let owner = ''
    let most = -1
    for (const [index, seed] of seeds.entries()) {
      const weight = mix(id ^ seed)
      if (weight <= most) continue
      most = weight
      owner = replicas[index] ?? ''
    }
    return owner
  }
}

/** Undefined: it has no valid trace id. Throws WireError when the bytes are no span. */
export function traceIdOf(span: Uint8Array): Uint8Array | undefined {
  const reader = readProto(span)
  while (reader.next()) {
    if (reader.field() !== 1) continue
    const traceId = reader.bytes()
    return traceId.length === 16 ? traceId : undefined
  }
  return undefined
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return mix(hash)
}

/** The finaliser of MurmurHash3, 32 bits, unsigned. */
function mix(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
