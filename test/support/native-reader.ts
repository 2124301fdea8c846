/**
 * Blocks of ClickHouse's Native format back to rows, in the plainest way: for tests of what the collector writes.
 * Values are those of record/table.ts, but bytes of ids are hexadecimal text, so that they compare.
 */
export function readNative(bytes: Uint8Array): Record<string, unknown>[] {
  const input = createInput(bytes)
  const rows: Record<string, unknown>[] = []
  while (!input.ended()) {
    const columnCount = input.varint()
    const rowCount = input.varint()
    const block = Array.from({ length: rowCount }, (): Record<string, unknown> => ({}))
    for (let index = 0; index < columnCount; index++) {
      const name = input.text()
      const type = input.text()
      readPrefix(type, input)
      readValues(type, rowCount, input).forEach((value, row) => {
        const into = block[row]
        if (into) into[name] = value
      })
    }
    rows.push(...block)
  }
  return rows
}

interface Input {
  ended(): boolean
  take(count: number): Buffer
  varint(): number
  text(): string
  count(): number
}

function createInput(bytes: Uint8Array): Input {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const input: Input = {
    ended: () => at >= buffer.length,
    take(count) {
      if (at + count > buffer.length)
        throw new Error(`the block ends at ${buffer.length}, wanted ${at + count}`)
      at += count
      return buffer.subarray(at - count, at)
    },
    varint() {
      let value = 0
      for (let power = 1; ; power *= 128) {
        const [byte = 0] = input.take(1)
        value += (byte & 0x7f) * power
        if (byte < 0x80) return value
      }
    },
    text: () => input.take(input.varint()).toString('utf8'),
    count: () => Number(input.take(8).readBigUInt64LE()),
  }
  return input
}

const inner = (type: string) => /^\w+\((.*)\)$/.exec(type)?.[1] ?? ''

/** Dictionaries say their version before any data. */
function readPrefix(type: string, input: Input): void {
  if (type.startsWith('Array(')) readPrefix(inner(type), input)
  else if (type.startsWith('LowCardinality(') || type.startsWith('Map(LowCardinality(')) {
    const version = input.count()
    if (version !== 1) throw new Error(`dictionary version ${version}`)
  }
}

function readValues(type: string, count: number, input: Input): unknown[] {
  if (type.startsWith('Array(')) return readLists(inner(type), count, input)
  if (type.startsWith('Map(')) return readMaps(count, input)
  if (type.startsWith('LowCardinality(')) return readWords(count, input)
  const scalar = scalars[type.split('(')[0] ?? '']
  if (!scalar) throw new Error(`no reader for ${type}`)
  return Array.from({ length: count }, () => scalar(input, type))
}

function readLists(type: string, count: number, input: Input): unknown[] {
  const ends = Array.from({ length: count }, () => input.count())
  const items = readValues(type, ends.at(-1) ?? 0, input)
  return ends.map((end, row) => items.slice(ends[row - 1] ?? 0, end))
}

function readMaps(count: number, input: Input): unknown[] {
  const ends = Array.from({ length: count }, () => input.count())
  const keys = readWords(ends.at(-1) ?? 0, input)
  const values = readValues('String', ends.at(-1) ?? 0, input)
  return ends.map((end, row) => {
    const pairs: [unknown, unknown][] = []
    for (let at = ends[row - 1] ?? 0; at < end; at++) pairs.push([keys[at], values[at]])
    // A key that comes twice must not be hidden.
    return pairs
  })
}

function readWords(count: number, input: Input): unknown[] {
  if (count === 0) return []
  const flags = input.count()
  if ((flags & 0x600) !== 0x600) throw new Error(`dictionary flags ${flags}`)
  const words = Array.from({ length: input.count() }, () => input.text())
  const rows = input.count()
  if (rows !== count) throw new Error(`${rows} codes for ${count} rows`)
  const width = 1 << (flags & 0xff)
  return Array.from({ length: rows }, () => words[input.take(width).readUIntLE(0, width)])
}

const scalars: Readonly<Record<string, (input: Input, type: string) => unknown>> = {
  String: (input) => input.text(),
  FixedString: (input, type) => input.take(Number(inner(type))).toString('hex'),
  Bool: (input) => input.take(1)[0] === 1,
  UInt8: (input) => input.take(1).readUInt8(),
  UInt16: (input) => input.take(2).readUInt16LE(),
  UInt32: (input) => input.take(4).readUInt32LE(),
  Int32: (input) => input.take(4).readInt32LE(),
  UInt64: (input) => input.take(8).readBigUInt64LE(),
  Int64: (input) => input.take(8).readBigInt64LE(),
  DateTime64: (input) => input.take(8).readBigInt64LE(),
  Float64: (input) => input.take(8).readDoubleLE(),
}
