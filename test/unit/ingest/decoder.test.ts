import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { OtlpCompression } from '../../../collector/record/otlp.ts'
import { createDecoder, type DecodeRequest } from '../../../collector/service/ingest/decoder.ts'
import { tableOf } from '../../../collector/service/ingest/insert-blocks.ts'
import { type BlockDecoder, createBlockDecoder } from '../../../collector/wire/block-decoder.ts'
import type { SealedBlock } from '../../../collector/wire/columns/open-blocks.ts'
import { readNative } from '../../support/read-native.ts'
import { traceBody } from './otlp-bodies.ts'

const nowMs = 1_700_000_000_000
const config = { bodyBytesMax: 1_000_000, rules: [], hashKey: '' }

let ids = 0
function request(body: Uint8Array, compression: OtlpCompression = 'identity'): DecodeRequest {
  ids++
  return { id: ids, signal: 'traces', encoding: 'json', compression, body, batchId: '', receivedAtMs: nowMs }
}
const spans = (count: number, service = 'shop') => traceBody({ spans: count, startMs: nowMs, service })

const compressors: Readonly<Record<OtlpCompression, (bytes: Uint8Array) => Uint8Array>> = {
  identity: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
}
const compressions = Object.keys(compressors) as OtlpCompression[]

function rowsOf(blocks: readonly SealedBlock[], table = 'spans'): Record<string, unknown>[] {
  return blocks
    .filter((block) => block.table === table)
    .flatMap(({ bytes }) => readNative(bytes, tableOf(table)))
}

describe.each(compressions)('a body as %s', (compression) => {
  test('is inflated up to the limit, and beyond it is too large', () => {
    const body = spans(3)
    const decode = (bodyBytesMax: number) =>
      createDecoder({ ...config, bodyBytesMax }).append({
        request: request(compressors[compression](body), compression),
      })
    expect(decode(body.length)).toMatchObject({ type: 'appended', received: 3 })
    expect(decode(body.length - 1)).toEqual({ type: 'too-large' })
  })

  test('that is empty is an empty request', () => {
    const answer = createDecoder(config).append({
      request: { ...request(Buffer.of(), compression), encoding: 'protobuf' },
    })
    expect(answer).toMatchObject({ type: 'appended', received: 0, parts: [] })
  })
})

test.each(compressions.slice(1))(
  'a damaged %s body is invalid, and the others of its group are kept',
  (compression) => {
    const decoder = createDecoder(config)
    decoder.append({ request: request(spans(2)) })
    const whole = compressors[compression](spans(3))
    for (const body of [whole.subarray(0, whole.length - 9), Buffer.from('not compressed at all')])
      expect(decoder.append({ request: request(body, compression) })).toMatchObject({
        type: 'invalid',
        message: expect.stringContaining('cannot be inflated'),
      })
    expect(rowsOf(decoder.seal(1))).toHaveLength(2)
  },
)

test('8.1/4 a gzip bomb that claims to be small is cut off', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  bomb.writeUInt32LE(10, bomb.length - 4)
  expect(createDecoder(config).append({ request: request(bomb, 'gzip') })).toEqual({ type: 'too-large' })
})

test('a sealed request is decoded again from its kept body, alone, until its group is released', () => {
  const decoder = createDecoder(config)
  const [one, other] = [request(spans(2, 'one')), request(gzipSync(spans(3, 'other')), 'gzip')]
  decoder.append({ request: one })
  decoder.append({ request: other })
  expect(rowsOf(decoder.seal(7))).toHaveLength(5)
  decoder.append({ request: request(spans(1)) })
  const again = decoder.again({ group: 7, id: other.id })
  if (again.type !== 'appended') throw new Error(again.type)
  expect(rowsOf(again.blocks).map((row) => row['service'])).toEqual(['other', 'other', 'other'])
  expect(rowsOf(again.blocks, 'resources')).toEqual([])
  expect(rowsOf(decoder.seal(8))).toHaveLength(1)
  decoder.release({ group: 7, resourcesStored: true, buffers: [] })
  expect(() => decoder.again({ group: 7, id: one.id })).toThrow('group 7 has no request')
})

test('a resource is written in the group that shows it first, and again when that group could not store it', () => {
  const decoder = createDecoder(config)
  const group = (number: number) => {
    decoder.append({ request: request(spans(1)) })
    return rowsOf(decoder.seal(number), 'resources').length
  }
  expect([group(1), group(2)]).toEqual([1, 0])
  decoder.release({ group: 1, resourcesStored: false, buffers: [] })
  decoder.release({ group: 2, resourcesStored: true, buffers: [] })
  expect([group(3), group(4)]).toEqual([1, 0])
})

test('a bug that leaves half a request in the open blocks costs that request only', () => {
  const halfWritten = (): BlockDecoder => {
    const blocks = createBlockDecoder()
    return {
      ...blocks,
      append(walked, context) {
        const appended = blocks.append(walked, context)
        if (context.batchId === 'bad') throw new Error('a bug in the middle')
        return appended
      },
    }
  }
  const decoder = createDecoder(config, halfWritten)
  decoder.append({ request: request(spans(2, 'good')) })
  const bad = { ...request(spans(3, 'bad')), batchId: 'bad' }
  expect(decoder.append({ request: bad })).toEqual({ type: 'bug', message: 'a bug in the middle' })
  decoder.append({ request: request(spans(1, 'good')) })
  const blocks = decoder.seal(1)
  expect(rowsOf(blocks).map((row) => row['service'])).toEqual(['good', 'good', 'good'])
  expect(rowsOf(blocks, 'resources')).toMatchObject([{ service: 'good' }])
})
