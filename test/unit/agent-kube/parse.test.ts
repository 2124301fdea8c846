import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitLines } from '../../../collector/kube/lines.ts'
import { createListReader } from '../../../collector/kube/list-items.ts'
import type { JsonObject } from '../../../collector/record/kube-api.ts'

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function* streamOf(text: string, chunkSizes: readonly number[]): AsyncGenerator<Uint8Array> {
  yield* cut(Buffer.from(text), chunkSizes)
}

describe('splitLines', () => {
  test('gives the same lines wherever the chunks end, inside characters too', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\n', ''))
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 10 }), sizes, async (lines, chunkSizes) => {
        const text = lines.map((one) => `${one}\n`).join('')
        expect(await collect(splitLines(streamOf(text, chunkSizes), 1000))).toEqual(lines.filter(Boolean))
      }),
    )
  })
  test('leaves out an unfinished last line', async () => {
    expect(await collect(splitLines(streamOf('{"a":1}\n{"b":', [3]), 100))).toEqual(['{"a":1}'])
  })
  test('fails at a line one byte over the limit', async () => {
    expect(await collect(splitLines(streamOf('12345\n', [2]), 5))).toEqual(['12345'])
    await expect(collect(splitLines(streamOf('123456\n', [2]), 5))).rejects.toThrow('too long')
    await expect(collect(splitLines(streamOf('123456\n', [100]), 5))).rejects.toThrow('too long')
  })
})

describe('createListReader', () => {
  function read(text: string, chunkSizes: readonly number[], itemBytesMax = 10_000) {
    const items: JsonObject[] = []
    const reader = createListReader((item) => items.push(item), itemBytesMax)
    for (const chunk of cut(Buffer.from(text), chunkSizes)) reader.push(chunk)
    return { items, envelope: reader.end() }
  }

  test('finds the same items as JSON.parse in any formatting and chunking', () => {
    const item = fc.dictionary(fc.string(), fc.jsonValue())
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 6 }),
        sizes,
        fc.integer({ min: 0, max: 2 }),
        (list, chunkSizes, indent) => {
          const value = {
            kind: 'PodList',
            metadata: { resourceVersion: '7', items: [[{ no: 1 }]] },
            items: list,
            x: [1],
          }
          const text = JSON.stringify(value, null, indent)
          const got = read(text, chunkSizes, 1_000_000)
          expect(got.items).toEqual(JSON.parse(JSON.stringify(list)))
          expect(got.envelope).toEqual({ ...value, items: [] })
        },
      ),
    )
  })
  test('takes a list without items', () => {
    expect(read('{"metadata":{"resourceVersion":"1"},"items":null}', [4])).toEqual({
      items: [],
      envelope: { metadata: { resourceVersion: '1' }, items: null },
    })
  })
  test('fails when the body ended early', () => {
    expect(() => read('{"metadata":{},"items":[{"a":1},{"b"', [7])).toThrow('ended early')
  })
  test('fails at an item over the limit', () => {
    expect(read('{"items":[{"a":"123"}]}', [50], 30).items).toHaveLength(1)
    expect(() => read(`{"items":[{"a":"${'1'.repeat(40)}"}]}`, [5], 30)).toThrow('longer than 30 bytes')
  })
})
