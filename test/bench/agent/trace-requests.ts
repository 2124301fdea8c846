import { readProto } from '../../../collector/wire/proto-reader.ts'
import { writeProto } from '../../../collector/wire/proto-writer.ts'
import { createCorpus } from '../corpus/fresh.ts'

/** Sent again and again: the agent looks at no span. */
const poolRequests = 48

export interface SdkRequests {
  readonly requests: readonly Buffer[]
  readonly spansPerRequest: number
}

/** What the SDK of one pod sends: requests of 1,024 spans of the corpus. */
export function sdkRequests(podUid: string): SdkRequests {
  const corpus = createCorpus({
    shape: 'lean',
    seed: 1,
    templates: 16,
    endMs: Date.now(),
    spreadMs: 60_000,
  })
  return {
    requests: Array.from({ length: poolRequests }, (_, index) => ofOnePod(corpus.request(index), podUid)),
    spansPerRequest: corpus.spansPerRequest,
  }
}

/** An SDK's request: the spans of all resources of the corpus under the one resource of a pod. */
function ofOnePod(request: Buffer, podUid: string): Buffer {
  const attributes = [
    ['service.name', 'web'],
    ['telemetry.sdk.language', 'nodejs'],
    ['telemetry.sdk.name', 'opentelemetry'],
    ['telemetry.sdk.version', '2.1.0'],
    ['process.runtime.name', 'nodejs'],
    ['host.name', 'web-1'],
    ['k8s.pod.uid', podUid],
  ] as const
  const one = writeProto().message(1, (resourceSpans) => {
    resourceSpans.message(1, (resource) => {
      for (const [key, value] of attributes)
        resource.message(1, (pair) => pair.text(1, key).message(2, (any) => any.text(1, value)))
    })
    const all = readProto(request)
    while (all.next()) {
      const inner = readProto(all.bytes())
      while (inner.next()) if (inner.field() === 2) resourceSpans.raw(inner.raw())
    }
  })
  return Buffer.from(one.finish())
}
