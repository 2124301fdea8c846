import { peerAddresses } from '../promoted.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { type PlainSpanColumns, slots } from './span-columns.ts'

/** The columns of hot attributes, from where the attributes of the open row stand. */
export class SpanPromoted {
  readonly #columns: PlainSpanColumns
  /** An address and its port. */
  readonly #joined = new ByteBuffer(256)

  constructor(columns: PlainSpanColumns) {
    this.#columns = columns
  }

  /** `kind`: of the span; only those of clients and producers have a peer. */
  append(kind: number): void {
    const columns = this.#columns
    const { slotStart, slotEnd, map } = columns.attributes
    const { bytes } = map.values.data
    const word = (column: typeof columns.httpMethod, slot: number) => {
      const start = slotStart[slot] as number
      const end = slotEnd[slot] as number
      if (start === end) column.push(0)
      else column.appendBytes(bytes, start, end)
    }
    word(columns.httpMethod, slots.http_method)
    word(columns.httpRoute, slots.http_route)
    columns.httpStatus.uint(
      threeDigits(bytes, slotStart[slots.http_status] as number, slotEnd[slots.http_status] as number),
    )
    word(columns.dbSystem, slots.db_system)
    columns.dbStatement.appendValid(
      bytes,
      slotStart[slots.db_statement] as number,
      slotEnd[slots.db_statement] as number,
    )
    word(columns.messagingSystem, slots.messaging_system)
    word(columns.messagingDestination, slots.messaging_destination)
    word(columns.rpcSystem, slots.rpc_system)
    if (kind === 3 || kind === 4) this.#appendPeer()
    else columns.peer.push(0)
  }

  /** As `peerOf` does. */
  #appendPeer(): void {
    const { peer, attributes } = this.#columns
    const { slotStart, slotEnd, map } = attributes
    const { bytes } = map.values.data
    let slot = -1
    if (attributes.has(slots.peerName)) slot = slots.peerName
    for (let index = 0; slot < 0 && index < peerAddresses.length; index++) {
      if (!attributes.has(slots.peerAddress + index)) continue
      slot = slots.peerAddress + index
      const port = slots.peerPort + index
      if (!attributes.has(port)) break
      const joined = this.#joined
      joined.length = 0
      joined.add(bytes, slotStart[slot] as number, slotEnd[slot] as number)
      joined.add(colon, 0, 1)
      joined.add(bytes, slotStart[port] as number, slotEnd[port] as number)
      peer.appendBytes(joined.bytes, 0, joined.length)
      return
    }
    if (slot < 0) slot = slots.database
    if (attributes.has(slot)) peer.appendBytes(bytes, slotStart[slot] as number, slotEnd[slot] as number)
    else peer.push(0)
  }
}

const colon = Buffer.from(':')

/** An HTTP status: three digits, else 0. */
function threeDigits(bytes: Buffer, start: number, end: number): number {
  if (end - start !== 3) return 0
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) return 0
    value = value * 10 + digit
  }
  return value
}
