import { isCache } from '../../record/backend.ts'
import { meshAddress, peerOf, serverAddresses } from '../peer.ts'
import { isSidecar } from '../sidecar.ts'
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

  /** As `peerOf` does, to which it leaves what is rare. */
  #appendPeer(): void {
    const { peer, attributes } = this.#columns
    const place = attributes.has(slots.unusualPeer) ? -1 : this.#placeSlot()
    if (place < 0) {
      peer.push(peer.codeOfText(peerOf(this.#get)))
      return
    }
    const { slotStart, slotEnd, map } = attributes
    const { bytes } = map.values.data
    const port = place - slots.peerAddress + slots.peerPort
    const hasPort = place >= slots.peerAddress && attributes.has(port)
    const hasDatabase = attributes.has(slots.database) && this.#isDatabase()
    if (!hasPort && !hasDatabase) {
      peer.appendBytes(bytes, slotStart[place] as number, slotEnd[place] as number)
      return
    }
    const joined = this.#joined
    const add = (slot: number) => joined.add(bytes, slotStart[slot] as number, slotEnd[slot] as number)
    joined.length = 0
    add(place)
    if (hasPort) {
      joined.add(colon, 0, 1)
      add(port)
    }
    if (hasDatabase) {
      joined.add(slash, 0, 1)
      add(slots.database)
    }
    peer.appendBytes(joined.bytes, 0, joined.length)
  }

  readonly #get = (key: string) => this.#columns.attributes.get(key)

  /** The name or address that is the peer's place; below 0: not one of the usual. */
  #placeSlot(): number {
    const { attributes } = this.#columns
    if (this.#is(slots.messaging_system, rabbit)) return -1
    if (attributes.has(slots.peerName)) return slots.peerName
    for (let index = 0; index < serverAddresses.length; index++) {
      const slot = slots.peerAddress + index
      if (attributes.has(slot)) return this.#is(slot, mesh) || this.#is(slots.rpc_system, aws) ? -1 : slot
    }
    return -1
  }

  #isDatabase(): boolean {
    const { slotStart, slotEnd, map } = this.#columns.attributes
    const start = slotStart[slots.db_system] as number
    const end = slotEnd[slots.db_system] as number
    return start !== end && !isCache(map.values.data.bytes.toString('utf8', start, end))
  }

  #is(slot: number, value: Buffer): boolean {
    const { slotStart, slotEnd, map } = this.#columns.attributes
    const start = slotStart[slot] as number
    const end = slotEnd[slot] as number
    return (
      end - start === value.length && map.values.data.bytes.compare(value, 0, value.length, start, end) === 0
    )
  }

  /** Whether the open row is of a sidecar. */
  isSidecar(service: string): boolean {
    return this.#columns.attributes.has(slots.sidecar) && isSidecar(this.#get, service)
  }
}

const colon = Buffer.from(':')
const slash = Buffer.from('/')
const rabbit = Buffer.from('rabbitmq')
const aws = Buffer.from('aws-api')
const mesh = Buffer.from(meshAddress)

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
