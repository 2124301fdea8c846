import type { OtlpCompression, OtlpEncoding, OtlpSignal } from '../../record/otlp.ts'
import { type ResourceRow, resourcesTable } from '../../record/span.ts'
import { assert, errorText } from '../../std/assert.ts'
import { type Appended, type BlockDecoder, createBlockDecoder } from '../../wire/block-decoder.ts'
import type { SealedBlock } from '../../wire/columns/open-blocks.ts'
import { compileRules, type RulesConfig } from '../../wire/rules/compile-rules.ts'
import { tryInflate } from './inflate.ts'
import { createSeenResources } from './seen-resources.ts'
import { createSpareBuffers } from './spare-buffers.ts'

/**
 * From request bodies to sealed blocks, in the main thread or in a worker: its arguments and results can travel between
 * threads. Bodies are kept, compressed as they came, until their group is released, so that a group that the database
 * refuses can be taken apart, and so that a bug that spoils the open blocks costs one request only.
 *
 * Each resource is written into the blocks of the group that shows it first, and again after ten minutes or when that
 * group's resources could not be stored.
 *
 * It holds what the caller gives it: the callers' budgets bound the open group and the number of groups.
 */
export interface Decoder {
  /** Into the open group. */
  append(order: { readonly request: DecodeRequest }): AppendAnswer
  /** Ends the open group and gives it its number. */
  seal(group: number): readonly SealedBlock[]
  /** A request as a group of its own. */
  alone(order: { readonly group: number; readonly request: DecodeRequest }): AloneAnswer
  /** A request of a sealed group, decoded anew into blocks of its own, without its resources. */
  again(order: { readonly group: number; readonly id: number }): AloneAnswer
  /** Ends a sealed group. */
  release(order: ReleaseOrder): void
}

export interface ReleaseOrder {
  readonly group: number
  readonly resourcesStored: boolean
  /** Of blocks that nobody reads any more. */
  readonly buffers: readonly ArrayBuffer[]
}

export interface DecodeRequest {
  readonly id: number
  readonly signal: OtlpSignal
  readonly encoding: OtlpEncoding
  readonly compression: OtlpCompression
  readonly body: Uint8Array
  readonly batchId: string
  readonly receivedAtMs: number
}

export type AppendAnswer = Unread | (Counts & { readonly openBytes: number })

export type AloneAnswer = Unread | (Counts & { readonly blocks: readonly SealedBlock[] })

/** What was decoded; its resources stay here. */
export interface Counts extends Omit<Appended, 'resources'> {
  readonly inflateMs: number
  readonly decodeMs: number
}

export type Unread =
  | { readonly type: 'too-large' }
  | { readonly type: 'invalid'; readonly message: string }
  /** A bug of ours, which the same bytes would meet again and again. */
  | { readonly type: 'bug'; readonly message: string }

export interface DecoderConfig extends RulesConfig {
  /** One request, inflated. */
  readonly bodyBytesMax: number
}

interface Group {
  readonly requests: Map<number, DecodeRequest>
  readonly resources: ResourceRow[]
}

export function createDecoder(
  { bodyBytesMax, rules: given, hashKey }: DecoderConfig,
  createBlocks: () => BlockDecoder = createBlockDecoder,
): Decoder {
  const rules = compileRules({ rules: given, hashKey })
  const shared = createBlocks()
  const single = createBlocks()
  const seen = createSeenResources()
  const spares = createSpareBuffers()
  const sealed = new Map<number, Group>()
  let open = emptyGroup()

  function decode(blocks: BlockDecoder, request: DecodeRequest): Unread | (Appended & Counts) {
    const startedAt = performance.now()
    const { signal, encoding, receivedAtMs, batchId } = request
    const inflated = tryInflate(request.body, request.compression, bodyBytesMax)
    if (inflated.type === 'too-large') return inflated
    if (inflated.type === 'damaged') return { type: 'invalid', message: inflated.message }
    const inflatedAt = performance.now()
    try {
      const body = inflated.bytes
      const appended = blocks.append({ signal, encoding, body }, { receivedAtMs, batchId, rules })
      if (appended.type === 'invalid') return appended
      const inflateMs = inflatedAt - startedAt
      return { ...appended, inflateMs, decodeMs: performance.now() - inflatedAt }
    } catch (error) {
      return { type: 'bug', message: errorText(error) }
    }
  }

  function writeResources(blocks: BlockDecoder, group: Group, { parts, resources }: Appended): void {
    if (parts.length === 0) return
    const unseen = seen.takeUnseen(resources)
    if (unseen.length === 0) return
    group.resources.push(...unseen)
    blocks.appendRows(resourcesTable, unseen)
  }

  /** Half a request may be in the open blocks: they are made anew from the others. */
  function rebuild(): void {
    shared.clear()
    for (const request of open.requests.values()) {
      const again = decode(shared, request)
      assert(again.type === 'appended', `request ${request.id} was read once and is ${again.type} now`)
    }
    if (open.resources.length > 0) shared.appendRows(resourcesTable, open.resources)
  }

  function decodeAlone(request: DecodeRequest, group?: Group): AloneAnswer {
    const decoded = decode(single, request)
    if (decoded.type !== 'appended') {
      single.clear()
      return decoded
    }
    if (group) writeResources(single, group, decoded)
    return { ...countsOf(decoded), blocks: single.seal() }
  }

  return {
    append({ request }) {
      const decoded = decode(shared, request)
      if (decoded.type === 'bug') rebuild()
      if (decoded.type !== 'appended') return decoded
      if (decoded.parts.length > 0) open.requests.set(request.id, request)
      writeResources(shared, open, decoded)
      return { ...countsOf(decoded), openBytes: shared.byteLength() }
    },
    seal(group) {
      sealed.set(group, open)
      open = emptyGroup()
      return shared.seal(spares.take)
    },
    alone({ group, request }) {
      const own = emptyGroup()
      sealed.set(group, own)
      return decodeAlone(request, own)
    },
    again({ group, id }) {
      const request = sealed.get(group)?.requests.get(id)
      assert(request, `group ${group} has no request ${id}`)
      return decodeAlone(request)
    },
    release({ group, resourcesStored, buffers }) {
      for (const buffer of buffers) spares.give(buffer)
      if (!resourcesStored) seen.forget(sealed.get(group)?.resources ?? [])
      sealed.delete(group)
    },
  }
}

const emptyGroup = (): Group => ({ requests: new Map(), resources: [] })

function countsOf({ resources: _, ...counts }: Appended & Counts): Counts {
  return counts
}
