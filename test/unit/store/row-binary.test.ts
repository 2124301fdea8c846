import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as t from '../../../collector/record/table.ts'
import { encodeRowBinary } from '../../../collector/service/store/row-binary.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'

const of = <T>(type: string): t.Column<T> => ({ type })

const everyType = t.defineTable('every_type', null, {
  batch: t.uint32,
  n: t.uint32,
  text: t.string,
  word: t.word,
  flag: t.bool,
  u8: t.uint8,
  u16: t.uint16,
  u32: t.uint32,
  u64: t.uint64,
  i8: of<number>('Int8'),
  i16: of<number>('Int16'),
  i32: t.int32,
  i64: t.int64,
  f64: t.float64,
  ms: t.timeMs,
  ns: t.timeNs,
  id: t.fixed(16),
  choice: of<string>("Enum8('a' = 1, 'it\\'s' = -2)"),
  words: t.words,
  nested: of<Map<string, number[]>>('Map(LowCardinality(String), Array(UInt32))'),
  texts: t.array(t.string),
  times: t.array(t.timeNs),
  maps: t.array(t.words),
})
type Row = t.RowOf<typeof everyType>

/** Each column as text that ClickHouse makes of it, and the same text made here of the value that was sent. */
const readings: { readonly [K in keyof Row]: readonly [sql: string, want: (value: Row[K]) => unknown] } = {
  batch: ['toString(batch)', String],
  n: ['toString(n)', String],
  text: ['hex(text)', hex],
  word: ['hex(word)', hex],
  flag: ['toString(flag)', String],
  u8: ['toString(u8)', String],
  u16: ['toString(u16)', String],
  u32: ['toString(u32)', String],
  u64: ['toString(u64)', String],
  i8: ['toString(i8)', String],
  i16: ['toString(i16)', String],
  i32: ['toString(i32)', String],
  i64: ['toString(i64)', String],
  f64: ["if(isNaN(f64), 'NaN', toString(reinterpretAsUInt64(f64)))", bitsOf],
  ms: ['toString(toUnixTimestamp64Milli(ms))', String],
  ns: ['toString(toUnixTimestamp64Nano(ns))', String],
  id: ['hex(id)', hex],
  choice: ['toString(choice)', String],
  words: ['arrayMap((k, v) -> [hex(k), hex(v)], mapKeys(words), mapValues(words))', hexEntries],
  nested: [
    'arrayMap((k, v) -> (hex(k), v), mapKeys(nested), mapValues(nested))',
    (map) => [...map].map(([key, values]) => [hex(key), values]),
  ],
  texts: ['arrayMap(x -> hex(x), texts)', (texts) => texts.map(hex)],
  times: ['arrayMap(x -> toString(toUnixTimestamp64Nano(x)), times)', (times) => times.map(String)],
  maps: [
    'arrayMap(m -> arrayMap((k, v) -> [hex(k), hex(v)], mapKeys(m), mapValues(m)), maps)',
    (maps) => maps.map(hexEntries),
  ],
}

function hex(value: string | Uint8Array): string {
  return Buffer.from(value as string)
    .toString('hex')
    .toUpperCase()
}

function hexEntries(map: ReadonlyMap<string, string>): string[][] {
  return [...map].map(([key, value]) => [hex(key), hex(value)])
}

function bitsOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return String(view.getBigUint64(0))
}

// Any UTF-16, lone surrogates too; lengths around where the encoder changes its way.
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
    .map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom(
    '',
    '\0',
    'x'.repeat(40),
    'x'.repeat(41),
    'ü'.repeat(64),
    'x'.repeat(127),
    'x'.repeat(128),
    'ß'.repeat(20_000),
  ),
)
const int = (min: number, max: number) => fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, 0))
const big = (min: bigint, max: bigint) => fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n))
const int64 = big(-(2n ** 63n), 2n ** 63n - 1n)
const map = fc.array(fc.tuple(text, text), { maxLength: 5 }).map((entries) => new Map(entries))
const row: fc.Arbitrary<Omit<Row, 'batch' | 'n'>> = fc.record({
  text,
  word: text,
  flag: fc.boolean(),
  u8: int(0, 255),
  u16: int(0, 65_535),
  u32: int(0, 2 ** 32 - 1),
  u64: big(0n, 2n ** 64n - 1n),
  i8: int(-128, 127),
  i16: int(-32_768, 32_767),
  i32: int(-(2 ** 31), 2 ** 31 - 1),
  i64: int64,
  f64: fc.double(),
  ms: fc.integer({ min: -8_640_000_000_000, max: 8_640_000_000_000 }),
  ns: int64,
  id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  choice: fc.constantFrom('a', "it's"),
  words: map,
  nested: fc
    .array(fc.tuple(fc.string(), fc.array(int(0, 2 ** 32 - 1), { maxLength: 4 })), { maxLength: 3 })
    .map((entries) => new Map(entries)),
  texts: fc.array(text, { maxLength: 5 }),
  times: fc.array(int64, { maxLength: 5 }),
  maps: fc.array(map, { maxLength: 3 }),
})

describe('through a real engine', () => {
  let clickhouse: TestClickHouse
  beforeAll(async () => {
    clickhouse = await startTestClickHouse()
    const columns = Object.entries(everyType.columns as Record<string, t.Column<unknown>>)
    await clickhouse.store.client.command({
      query: `CREATE TABLE every_type (${columns.map(([name, { type }]) => `${name} ${type}`).join(', ')})
        ENGINE = MergeTree ORDER BY (batch, n)`,
    })
  })
  afterAll(() => clickhouse?.close())

  test('every value of every column type comes back as it was sent', async () => {
    const names = Object.keys(readings) as (keyof Row)[]
    const select = names.map((name) => readings[name][0]).join(', ')
    let batch = 0
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (values) => {
        batch++
        const rows = values.map((value, n): Row => ({ ...value, batch, n }))
        expect(await clickhouse.store.insert({ table: everyType, rows }, `batch-${batch}`)).toEqual({
          type: 'stored',
          rows: rows.length,
        })
        const result = await clickhouse.store.client.query({
          query: `SELECT ${select} FROM every_type WHERE batch = {batch:UInt32} ORDER BY n`,
          query_params: { batch },
          format: 'JSONCompactEachRow',
        })
        const want = rows.map((one) =>
          names.map((name) => (readings[name][1] as (value: unknown) => unknown)(one[name])),
        )
        expect(await result.json()).toEqual(want)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a value that its column cannot hold is refused', () => {
  test.each([
    ['UInt8', 256],
    ['UInt8', -1],
    ['UInt8', 1.5],
    ['UInt16', 65_536],
    ['UInt32', 2 ** 32],
    ['Int32', -(2 ** 31) - 1],
    ['UInt8', Number.NaN],
    ['UInt64', 2n ** 64n],
    ['UInt64', -1n],
    ['UInt64', 1],
    ['Int64', 2n ** 63n],
    ['Float64', undefined],
    ['DateTime64(3)', Number.NaN],
    ['DateTime64(9)', undefined],
    ['String', undefined],
    ['FixedString(8)', new Uint8Array(7)],
    ['FixedString(8)', undefined],
    ["Enum8('a' = 1)", 'b'],
    ['Array(UInt8)', [1, 256]],
    ['Map(String, String)', undefined],
  ])('%s: %s', (type, value) => {
    const table = t.defineTable('small', null, { a: t.string, wrong: of<unknown>(type) })
    expect(() => encodeRowBinary(table, [{ a: '', wrong: value }])).toThrow(/^cannot encode small\.wrong/)
  })
})
