import { writeProto } from '../../wire/proto-writer.ts'

/** What stands around a span in its request: its resource and its scope, with their namespace. */
export interface Surroundings {
  /** undefined: the part had none. */
  readonly namespace: string | undefined
  readonly service: string
  /** All fields of ResourceSpans but its scopes. */
  readonly resource: Uint8Array
  /** All fields of ScopeSpans but its spans. */
  readonly scope: Uint8Array
}

export interface KeptPart {
  readonly namespace?: string
  readonly items: number
  readonly bytes: Uint8Array
}

/** Spans that are kept, until they are a batch. */
export interface KeptSpans {
  add(span: Uint8Array, of: Surroundings): void
  bytes(): number
  /** One part a namespace: what is in it is taken out. */
  take(): readonly KeptPart[]
}

export function createKeptSpans(): KeptSpans {
  let spans = new Map<Surroundings, Uint8Array[]>()
  let bytes = 0
  return {
    add(span, of) {
      const others = spans.get(of)
      if (others) others.push(span)
      else spans.set(of, [span])
      bytes += span.length
    },
    bytes: () => bytes,
    take() {
      const byNamespace = Map.groupBy(spans, ([{ namespace }]) => namespace)
      spans = new Map()
      bytes = 0
      return [...byNamespace].map(([namespace, groups]) => ({
        ...(namespace === undefined ? {} : { namespace }),
        items: groups.reduce((sum, [, own]) => sum + own.length, 0),
        bytes: encode(groups),
      }))
    },
  }
}

function encode(groups: readonly (readonly [Surroundings, readonly Uint8Array[]])[]): Uint8Array {
  const request = writeProto()
  for (const [{ resource, scope }, spans] of groups) {
    const scopeSpans = writeProto().raw(scope)
    for (const span of spans) scopeSpans.bytes(2, span)
    request.message(1, (resourceSpans) => resourceSpans.raw(resource).bytes(2, scopeSpans.finish()))
  }
  return request.finish()
}
