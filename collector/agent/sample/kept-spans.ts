import { encodeSpans, type SpanSurroundings } from '../../wire/spans-of.ts'

/** What stands around a span in its request, with its namespace. */
export interface Surroundings extends SpanSurroundings {
  /** undefined: the part had none. */
  readonly namespace: string | undefined
  readonly service: string
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
        bytes: encodeSpans(groups),
      }))
    },
  }
}
