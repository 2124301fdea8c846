import type { OtlpHandler, OtlpOutcome, OtlpRequest, OtlpSignal } from '../../record/otlp.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import { type AdmissionRules, admit, enrichment, type ReadAttribute } from './associate.ts'

/**
 * What becomes of a request of an application: undecodable, refused, or kept.
 *
 * Each resource of a request is looked at for itself: its pod is found, its namespace decides, what is selected is
 * enriched and handed on; the rest is refused with `partial_success`, counted per namespace and never kept. The answer
 * goes out when the spool has synced.
 *
 * A refusal is for ever: SDKs do not send refused data again. So while the cluster or the pods of a selected namespace
 * have not been read yet, what cannot be placed is answered 503, and the sender comes again.
 */
export interface ReceiveDeps extends Omit<AdmissionRules, 'unknownNamespace'> {
  readonly clock: Clock
  /** '' until it is known. */
  readonly clusterUid: () => string
  /** Whether the pods of all selected namespaces have been read. */
  readonly podsKnown: () => boolean
  readonly split: SplitRequest
  readonly keep: (request: {
    readonly signal: OtlpSignal
    readonly parts: readonly KeptPart[]
  }) => Promise<KeepOutcome>
  readonly onRequest: (seen: RequestSeen) => void
}

export interface ReceiveConfig {
  readonly unknownNamespace: AdmissionRules['unknownNamespace']
  /** '': the cluster's uid stands for it. */
  readonly clusterName: string
}

/** The resources of a request with what they carry. Throws when the body is no such request. */
export type SplitRequest = (request: OtlpRequest) => readonly ResourcePart[]

export interface ResourcePart {
  readonly attribute: ReadAttribute
  /** Spans, log records or data points. */
  readonly items: number
  /** A whole OTLP request (protobuf) with this resource alone. */
  encode(attributes: ResourceAttributes): Uint8Array
}

export interface ResourceAttributes {
  readonly ifAbsent: ReadonlyMap<string, string>
  readonly forced: ReadonlyMap<string, string>
}

export interface KeptPart {
  readonly namespace: string
  readonly bytes: Uint8Array
  readonly items: number
}

export type KeepOutcome =
  | { readonly type: 'kept'; readonly droppedItems: number }
  | { readonly type: 'failed'; readonly message: string; readonly failedItems: number }

/** For the counters; `received` = kept by `keep` + refused + failed + what `keep` itself has dropped and counted. */
export interface RequestSeen {
  readonly signal: OtlpSignal
  readonly result: OtlpOutcome['type'] | 'partial'
  readonly received: number
  readonly failed: number
  readonly refused: ReadonlyMap<string, number>
}

const retryAfterSeconds = 1
/** Of a request with many senders, how many reasons the answer states. */
const messagesMax = 5

export function createOtlpHandler(deps: ReceiveDeps, config: ReceiveConfig): OtlpHandler {
  const { clock, clusterUid, podsKnown, split, keep, onRequest } = deps
  const rules = { ...deps, unknownNamespace: config.unknownNamespace }

  return async (request) => {
    const { signal } = request
    const seen = { signal, received: 0, failed: 0, refused: new Map<string, number>() }
    const uid = clusterUid()
    if (uid === '') {
      onRequest({ ...seen, result: 'retry' })
      return retry('the cluster is not known yet')
    }
    let resources: readonly ResourcePart[]
    try {
      resources = split(request)
    } catch (error) {
      onRequest({ ...seen, result: 'invalid' })
      return { type: 'invalid', message: errorText(error) }
    }

    const parts: KeptPart[] = []
    const messages = new Set<string>()
    for (const resource of resources) {
      const { attribute, items } = resource
      seen.received += items
      if (items === 0) continue
      const from = { attribute, peerAddress: request.peerAddress, nowMs: clock.nowMs() }
      const admission = admit(rules, from)
      if (admission.type === 'refused' && admission.namespace === '' && !podsKnown()) {
        onRequest({ ...seen, received: 0, refused: new Map(), result: 'retry' })
        return retry('the pods of the cluster have not been read yet')
      }
      if (admission.type === 'refused') {
        messages.add(admission.message)
        seen.refused.set(admission.namespace, (seen.refused.get(admission.namespace) ?? 0) + items)
        continue
      }
      const { namespace, pod } = admission
      const bytes = resource.encode({
        ifAbsent: enrichment(pod, { namespace, clusterName: config.clusterName || uid }),
        forced: new Map([['k8s.cluster.uid', uid]]),
      })
      parts.push({ namespace, bytes, items })
    }

    const outcome = parts.length === 0 ? nothingToKeep : await keep({ signal, parts })
    if (outcome.type === 'failed') {
      // The refused ones will be refused again when the request comes again; here they are counted once a request.
      onRequest({ ...seen, failed: outcome.failedItems, result: 'retry' })
      return retry(outcome.message)
    }
    const refused = [...seen.refused.values()].reduce((sum, items) => sum + items, 0)
    const rejected = refused + outcome.droppedItems
    if (outcome.droppedItems > 0) messages.add('a namespace stopped being collected meanwhile')
    onRequest({ ...seen, result: rejected > 0 ? 'partial' : 'accepted' })
    return { type: 'accepted', rejected, message: [...messages].slice(0, messagesMax).join('; ') }
  }
}

const nothingToKeep: KeepOutcome = { type: 'kept', droppedItems: 0 }

function retry(message: string): OtlpOutcome {
  return { type: 'retry', status: 503, afterSeconds: retryAfterSeconds, message }
}
