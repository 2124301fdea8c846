import { ByteBuffer } from './byte-buffer.ts'
import { type Column, type ColumnSize, describeValue, UnencodableValue } from './column.ts'

type Put = (bytes: Buffer, at: number, value: unknown) => void

/** Values of a fixed number of bytes: integers, floats, times, FixedString. Hot loops write to `data` themselves. */
export class FixedColumn implements Column {
  readonly type: string
  readonly width: number
  readonly data = new ByteBuffer()
  readonly #put: Put

  constructor(type: string, width: number, put: Put) {
    this.type = type
    this.width = width
    this.#put = put
  }

  get rows(): number {
    return this.data.length / this.width
  }

  append(value: unknown): void {
    this.data.room(this.width)
    this.#put(this.data.bytes, this.data.length, value)
    this.data.length += this.width
  }

  /** Bytes as they are, `width` of them. */
  copy(from: Uint8Array, start: number): void {
    const { data, width } = this
    data.room(width)
    const { bytes, length } = data
    for (let at = 0; at < width; at++) bytes[length + at] = from[start + at] as number
    data.length = length + width
  }

  fill(byte: number): void {
    const { data, width } = this
    data.room(width)
    const { bytes, length } = data
    for (let at = 0; at < width; at++) bytes[length + at] = byte
    data.length = length + width
  }

  /** The low `width` bytes (up to four) of an unsigned integer. */
  uint(value: number): void {
    const { data, width } = this
    data.room(width)
    const { bytes, length } = data
    for (let at = 0; at < width; at++) bytes[length + at] = value >>> (at * 8)
    data.length = length + width
  }

  /** 64 bits from two halves. */
  halves(low: number, high: number): void {
    const { data } = this
    data.room(8)
    const { bytes, length } = data
    bytes[length] = low
    bytes[length + 1] = low >>> 8
    bytes[length + 2] = low >>> 16
    bytes[length + 3] = low >>> 24
    bytes[length + 4] = high
    bytes[length + 5] = high >>> 8
    bytes[length + 6] = high >>> 16
    bytes[length + 7] = high >>> 24
    data.length = length + 8
  }

  size(): ColumnSize {
    return [this.data.length]
  }

  cutTo([length = 0]: ColumnSize): void {
    this.data.length = length
  }

  /** Zeros are not looked for: fixed widths are cheap to read. */
  isBlank(): boolean {
    return false
  }

  writePrefix(): void {}

  writeData(out: ByteBuffer): void {
    out.add(this.data.bytes, 0, this.data.length)
  }

  byteLength(): number {
    return this.data.length
  }

  clear(): void {
    this.data.length = 0
  }
}

/** The column of a scalar type; undefined: the type is not one. */
export function tryFixedColumn(type: string): FixedColumn | undefined {
  const scalar = scalars[type]
  if (scalar) return new FixedColumn(type, scalar.width, scalar.put)
  const [, outer = '', inner = ''] = /^(\w+)\((.*)\)$/.exec(type) ?? []
  if (outer === 'FixedString') return new FixedColumn(type, Number(inner), bytesOf(Number(inner)))
  if (outer === 'Enum8' || outer === 'Enum16') return enumColumn(type, outer === 'Enum8' ? 1 : 2, inner)
  return undefined
}

const integer = (
  [width, min, max]: readonly [width: number, min: number, max: number],
  write: (bytes: Buffer, at: number, value: number) => void,
): { readonly width: number; readonly put: Put } => ({
  width,
  put(bytes, at, value) {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
      throw new UnencodableValue(`${describeValue(value)} is not an integer from ${min} to ${max}`)
    write(bytes, at, value as number)
  },
})

const bigint = (min: bigint, max: bigint): { readonly width: number; readonly put: Put } => ({
  width: 8,
  put(bytes, at, value) {
    if (typeof value !== 'bigint' || value < min || value > max)
      throw new UnencodableValue(`${describeValue(value)} is not an integer from ${min} to ${max}`)
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at)
  },
})

const int64 = bigint(-(2n ** 63n), 2n ** 63n - 1n)

const scalars: Readonly<Record<string, { readonly width: number; readonly put: Put }>> = {
  Bool: {
    width: 1,
    put: (bytes, at, value) => {
      bytes[at] = value ? 1 : 0
    },
  },
  UInt8: integer([1, 0, 2 ** 8 - 1], (bytes, at, value) => bytes.writeUInt8(value, at)),
  UInt16: integer([2, 0, 2 ** 16 - 1], (bytes, at, value) => bytes.writeUInt16LE(value, at)),
  UInt32: integer([4, 0, 2 ** 32 - 1], (bytes, at, value) => bytes.writeUInt32LE(value, at)),
  Int8: integer([1, -(2 ** 7), 2 ** 7 - 1], (bytes, at, value) => bytes.writeInt8(value, at)),
  Int16: integer([2, -(2 ** 15), 2 ** 15 - 1], (bytes, at, value) => bytes.writeInt16LE(value, at)),
  Int32: integer([4, -(2 ** 31), 2 ** 31 - 1], (bytes, at, value) => bytes.writeInt32LE(value, at)),
  UInt64: bigint(0n, 2n ** 64n - 1n),
  Int64: int64,
  'DateTime64(9)': int64,
  'DateTime64(3)': {
    width: 8,
    put(bytes, at, value) {
      if (!Number.isFinite(value)) throw new UnencodableValue(`${describeValue(value)} is not a time in ms`)
      int64.put(bytes, at, BigInt(Math.floor(value as number)))
    },
  },
  Float64: {
    width: 8,
    put(bytes, at, value) {
      if (typeof value !== 'number') throw new UnencodableValue(`${describeValue(value)} is not a number`)
      bytes.writeDoubleLE(value, at)
    },
  },
}

const bytesOf =
  (width: number): Put =>
  (into, at, value) => {
    const bytes = value as Uint8Array
    if (bytes?.length !== width)
      throw new UnencodableValue(`${bytes?.length} bytes for FixedString(${width})`)
    into.set(bytes, at)
  }

function enumColumn(type: string, width: number, members: string): FixedColumn {
  const numbers = new Map(
    [...members.matchAll(/'((?:[^'\\]|\\.)*)'\s*=\s*(-?\d+)/g)].map(
      ([, name = '', number]) => [name.replace(/\\(.)/g, '$1'), Number(number)] as const,
    ),
  )
  return new FixedColumn(type, width, (bytes, at, value) => {
    const number = numbers.get(value as string)
    if (number === undefined) throw new UnencodableValue(`${describeValue(value)} is not one of ${members}`)
    bytes.writeIntLE(number, at, width)
  })
}
