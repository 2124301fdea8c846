import { WireError } from '../../wire/proto-reader.ts'
import { eachSpan, encodeSpans, type SpanSurroundings } from '../../wire/spans-of.ts'
import { traceIdOf } from './owner.ts'

/** Spans of one resource in one namespace, as a request of their own. */
export interface TracePart {
  readonly namespace: string
  /** Lie one after the other. */
  readonly pieces: readonly Uint8Array[]
  readonly items: number
}

/** The parts of each owner. What all belongs to one is handed on as it is; spans without a valid id stay with `self`. */
export function partsByOwner(
  parts: readonly TracePart[],
  ownerOf: (traceId: Uint8Array) => string,
  self: string,
): Map<string, TracePart[]> {
  const byOwner = new Map<string, TracePart[]>()
  for (const part of parts)
    for (const [owner, own] of split(part, ownerOf, self)) {
      const others = byOwner.get(owner)
      if (others) others.push(own)
      else byOwner.set(owner, [own])
    }
  return byOwner
}

function split(
  part: TracePart,
  ownerOf: (traceId: Uint8Array) => string,
  self: string,
): Iterable<readonly [owner: string, part: TracePart]> {
  const owners = new Map<string, Map<SpanSurroundings, Uint8Array[]>>()
  eachSpan(Buffer.concat(part.pieces), (of) => (span) => {
    const traceId = tryTraceId(span)
    const owner = traceId ? ownerOf(traceId) : self
    const groups = owners.get(owner) ?? new Map<SpanSurroundings, Uint8Array[]>()
    owners.set(owner, groups)
    const spans = groups.get(of)
    if (spans) spans.push(span)
    else groups.set(of, [span])
  })
  const [only] = owners.keys()
  if (owners.size === 1 && only !== undefined) return [[only, part]]
  return [...owners].map(([owner, groups]) => {
    const items = [...groups.values()].reduce((sum, spans) => sum + spans.length, 0)
    return [owner, { namespace: part.namespace, pieces: [encodeSpans(groups)], items }] as const
  })
}

/** What is no span is for the service to reject. */
function tryTraceId(span: Uint8Array): Uint8Array | undefined {
  try {
    return traceIdOf(span)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
