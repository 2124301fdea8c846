import { readSpan } from '../../../collector/agent/sample/read-span.ts'
import { readProto } from '../../../collector/wire/proto-reader.ts'
import { weightOf } from '../../../collector/wire/weight.ts'

export interface SampledSpan {
  readonly name: string
  readonly isError: boolean
  readonly durationMs: number
  /** As the service reads it. */
  readonly weight: number
}

export function decodeTraces(request: Uint8Array): SampledSpan[] {
  const rows: SampledSpan[] = []
  const resources = readProto(request)
  while (resources.next()) {
    const scopes = readProto(resources.bytes())
    while (scopes.next()) {
      if (scopes.field() !== 2) continue
      const spans = readProto(scopes.bytes())
      while (spans.next()) {
        const facts = spans.field() === 2 ? readSpan(spans.bytes()) : undefined
        if (facts)
          rows.push({
            name: facts.name,
            isError: facts.isError,
            durationMs: facts.durationNs / 1e6,
            weight: weightOf(facts.traceState),
          })
      }
    }
  }
  return rows
}
