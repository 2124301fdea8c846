import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { partsByOwner } from '../../../collector/agent/forward/by-owner.ts'
import { createOwners } from '../../../collector/agent/forward/owner.ts'
import { writeProto } from '../../../collector/wire/proto-writer.ts'
import { eachSpan } from '../../../collector/wire/spans-of.ts'

const traceIds = Array.from({ length: 3_000 }, (_, index) =>
  createHash('md5').update(`trace ${index}`).digest(),
)
const replicas = ['10.0.0.1', '10.0.0.2', '10.0.0.3']

describe('owners of traces', () => {
  test('every replica finds the same one, and each has its share', () => {
    const ownerOf = createOwners(replicas)
    const shares = Map.groupBy(traceIds, (id) => ownerOf(id))
    expect([...shares.keys()].sort()).toEqual(replicas)
    // 1,000 each; sigma is 26.
    for (const own of shares.values()) expect(Math.abs(own.length - 1_000)).toBeLessThan(130)
    const another = createOwners([...replicas])
    expect(traceIds.every((id) => another(id) === ownerOf(id))).toBe(true)
  })

  test('a replica that goes moves only its own traces', () => {
    const ofThree = createOwners(replicas)
    const ofTwo = createOwners(replicas.slice(0, 2))
    const moved = traceIds.filter((id) => ofThree(id) !== ofTwo(id))
    expect(moved.every((id) => ofThree(id) === '10.0.0.3')).toBe(true)
    expect(moved.length).toBeGreaterThan(0)
  })

  test('trace ids of 64 bits, filled up with zeros, are spread as well', () => {
    const ownerOf = createOwners(replicas)
    const short = traceIds.map((id) => Buffer.concat([Buffer.alloc(8), id.subarray(8)]))
    expect(new Set(short.map((id) => ownerOf(id))).size).toBe(3)
  })
})

describe('parts by owner', () => {
  const span = (traceId: Uint8Array, name: string) =>
    writeProto().bytes(1, traceId).bytes(2, Buffer.alloc(8, 1)).text(5, name).finish()
  const part = (spans: readonly Uint8Array[]) => {
    const bytes = writeProto()
      .message(1, (resourceSpans) => {
        resourceSpans.message(1, (resource) => resource.text(15, 'unknown field'))
        resourceSpans.message(2, (scope) => {
          scope.message(1, (about) => about.text(1, 'scope'))
          for (const one of spans) scope.bytes(2, one)
        })
        resourceSpans.text(3, 'schema url')
      })
      .finish()
    return { namespace: 'shop', pieces: [bytes.subarray(0, 9), bytes.subarray(9)], items: spans.length }
  }
  const spansOf = (pieces: readonly Uint8Array[]) => {
    const found: { span: string; resource: string; scope: string }[] = []
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
    eachSpan(Buffer.concat(pieces), ({ resource, scope }) => (bytes) => {
      found.push({ span: text(bytes), resource: text(resource), scope: text(scope) })
    })
    return found
  }

  test('every span goes to one owner, with all that stood around it', () => {
    const ownerOf = createOwners(replicas)
    const spans = traceIds.slice(0, 50).map((id, index) => span(id, `call ${index}`))
    const whole = part(spans)
    const byOwner = partsByOwner([whole], ownerOf, '10.0.0.1')
    const parts = [...byOwner.values()].flat()
    expect(parts.reduce((sum, { items }) => sum + items, 0)).toBe(50)
    expect(parts.every(({ namespace }) => namespace === 'shop')).toBe(true)
    const order = (one: { span: string }, two: { span: string }) => (one.span < two.span ? -1 : 1)
    const moved = parts.flatMap(({ pieces }) => spansOf(pieces))
    expect(moved.sort(order)).toEqual(spansOf(whole.pieces).sort(order))
    for (const [owner, own] of byOwner)
      for (const { pieces } of own)
        for (const { span: bytes } of spansOf(pieces))
          expect(ownerOf(Buffer.from(bytes, 'latin1').subarray(2, 18))).toBe(owner)
  })

  test('what belongs to one owner is handed on as it came; a span without a valid id stays', () => {
    const [id] = traceIds
    const one = part([span(id ?? Buffer.alloc(16), 'a'), span(id ?? Buffer.alloc(16), 'b')])
    expect([...partsByOwner([one], () => 'x', 'self')]).toEqual([['x', [one]]])
    const odd = part([span(Buffer.alloc(3, 7), 'no id')])
    expect([...partsByOwner([odd], () => 'x', 'self')]).toEqual([['self', [odd]]])
  })
})
