import type { OtlpHandler, OtlpOutcome, OtlpRequest, OtlpSignal } from '../../record/otlp.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import {
  type Admission,
  type AdmissionRules,
  admit,
  enrichment,
  type ReadAttribute,
  senderKey,
} from './associate.ts'
import { giveBack } from './give-back.ts'
import type { LatePods } from './late-pods.ts'

/**
 * What becomes of a request of an application: undecodable, refused, or kept.
 *
 * Each resource of a request is looked at for itself: its pod is found, its namespace decides, what is selected is
 * enriched and handed on; the rest is refused with `partial_success`, counted per namespace and never kept. The answer
 * goes out when the spool has synced.
 *
 * A refusal is for ever: SDKs do not send refused data again. So a request of a pod that is not known yet is held for a
 * moment (late-pods.ts). What is placed in a selected namespace by then, if only by what its resource says, is kept; the
 * rest is answered 503 while its pod may still come, and so is everything that cannot be placed while the cluster or the
 * pods of a selected namespace have not been read. docs/decisions/0011-late-binding.md has the reasons.
 */
export interface ReceiveDeps extends Omit<AdmissionRules, 'unknownNamespace'> {
  readonly clock: Clock
  /** '' until it is known. */
  readonly clusterUid: () => string
  /** Whether the pods of all selected namespaces have been read. */
  readonly podsKnown: () => boolean
  readonly latePods: LatePods
  readonly split: SplitRequest
  readonly keep: (request: {
    readonly signal: OtlpSignal
    readonly parts: readonly KeptPart[]
    /** Another replica has sent it here; it is not sent on. */
    readonly forwarded: boolean
  }) => Promise<KeepOutcome>
  readonly onRequest: (seen: RequestSeen) => void
}

export interface ReceiveConfig {
  readonly unknownNamespace: AdmissionRules['unknownNamespace']
  /** '': the cluster's uid stands for it. */
  readonly clusterName: string
  readonly serviceNameFromLabels: boolean
}

/** The resources of a request with what they carry. Throws when the body is no such request. */
export type SplitRequest = (request: OtlpRequest) => readonly ResourcePart[]

export interface ResourcePart {
  readonly attribute: ReadAttribute
  /** Spans, log records or data points. */
  readonly items: number
  /** A whole OTLP request (protobuf) with this resource alone, as pieces that lie one after the other. */
  encode(attributes: ReadonlyMap<string, string>): readonly Uint8Array[]
}

export interface KeptPart {
  readonly namespace: string
  readonly pieces: readonly Uint8Array[]
  readonly items: number
}

export type KeepOutcome =
  | { readonly type: 'kept'; readonly droppedItems: number; readonly forwardedItems?: number }
  | {
      readonly type: 'failed'
      readonly message: string
      readonly failedItems: number
      readonly forwardedItems?: number
    }

/** For the counters; `received` = kept here by `keep` + refused + failed + what `keep` itself has dropped and counted. What it forwarded is counted where it went. */
export interface RequestSeen {
  readonly signal: OtlpSignal
  readonly result: OtlpOutcome['type'] | 'partial'
  readonly received: number
  readonly failed: number
  readonly refused: ReadonlyMap<string, number>
  /** What became of holding it; undefined: it was not held. */
  readonly held: 'known' | 'unknown' | 'no-room' | undefined
}

const retryAfterSeconds = 1
/** Of a request with many senders, how many reasons the answer states. */
const messagesMax = 5

export function createOtlpHandler(deps: ReceiveDeps, config: ReceiveConfig): OtlpHandler {
  const { clock, clusterUid, podsKnown, latePods, split, keep, onRequest } = deps
  const rules = { ...deps, unknownNamespace: config.unknownNamespace }

  function judge(resource: ResourcePart, request: OtlpRequest): Judged {
    const { attribute } = resource
    const peerAddress = senderAddress(request)
    const admission = admit(rules, { attribute, peerAddress, nowMs: clock.nowMs() })
    const key = senderKey({ attribute, peerAddress })
    const isPlaced = admission.type === 'admitted' ? admission.pod !== undefined : !admission.unplaced
    return { resource, admission, mayCome: !isPlaced && key !== undefined && latePods.mayCome(key) }
  }

  /** Holds the request while a pod of its resources may still turn up. */
  async function judgeAll(
    resources: readonly ResourcePart[],
    request: OtlpRequest,
  ): Promise<{ readonly judged: readonly Judged[]; readonly held?: RequestSeen['held'] }> {
    const judgeEach = () => resources.map((resource) => judge(resource, request))
    const judged = judgeEach()
    const late = judged.filter(({ mayCome }) => mayCome)
    if (late.length === 0) return { judged }
    const held = await latePods.hold(request.body.length, () => {
      while (late[0] && !judge(late[0].resource, request).mayCome) late.shift()
      return late.length === 0
    })
    return { judged: judgeEach(), held }
  }

  function isEarly({ admission, mayCome }: Judged): boolean {
    return admission.type === 'refused' && admission.unplaced && (mayCome || !podsKnown())
  }

  function sort(judged: readonly Judged[], request: OtlpRequest, uid: string): Sorted {
    const peerAddress = senderAddress(request)
    const sorted = {
      parts: [] as KeptPart[],
      received: 0,
      refused: new Map<string, number>(),
      messages: new Set<string>(),
    }
    for (const { resource, admission } of judged) {
      const { attribute, items } = resource
      const { namespace } = admission
      sorted.received += items
      if (admission.type === 'refused') {
        sorted.messages.add(admission.message)
        sorted.refused.set(namespace, (sorted.refused.get(namespace) ?? 0) + items)
      } else {
        const place = { ...config, namespace, clusterName: config.clusterName || uid }
        const added = enrichment(admission.pod, { attribute, peerAddress }, place)
        const pieces = resource.encode(added.set('k8s.cluster.uid', uid))
        sorted.parts.push({ namespace, pieces, items })
      }
    }
    return sorted
  }

  return async (request) => {
    const { signal, forwarded = false } = request
    const unseen: RequestSeen = {
      signal,
      result: 'retry',
      received: 0,
      failed: 0,
      refused: new Map(),
      held: undefined,
    }
    const uid = clusterUid()
    if (uid === '') {
      onRequest(unseen)
      return retry('the cluster is not known yet')
    }
    let resources: readonly ResourcePart[]
    try {
      resources = split(request).filter(({ items }) => items > 0)
    } catch (error) {
      onRequest({ ...unseen, result: 'invalid' })
      return { type: 'invalid', message: errorText(error) }
    }

    const { judged, held } = await judgeAll(resources, request)
    if (held === 'no-room' || judged.some(isEarly)) {
      onRequest({ ...unseen, held })
      return retry('the pod of the sender is not known yet')
    }
    const { parts, received, refused, messages } = sort(judged, request, uid)
    const outcome = parts.length === 0 ? nothingToKeep : await keep({ signal, parts, forwarded })
    const seen = { signal, received: received - (outcome.forwardedItems ?? 0), refused, held }
    if (outcome.type === 'failed') {
      // The refused ones will be refused again when the request comes again; here they are counted once a request.
      onRequest({ ...seen, failed: outcome.failedItems, result: 'retry' })
      return retry(outcome.message)
    }
    const rejected = [...refused.values()].reduce((sum, items) => sum + items, 0) + outcome.droppedItems
    if (outcome.droppedItems > 0) messages.add('a namespace stopped being collected meanwhile')
    // On disk, or not to be kept: nobody reads it any more.
    giveBack(request.body)
    onRequest({ ...seen, failed: 0, result: rejected > 0 ? 'partial' : 'accepted' })
    return { type: 'accepted', rejected, message: [...messages].slice(0, messagesMax).join('; ') }
  }
}

interface Sorted {
  readonly parts: readonly KeptPart[]
  readonly received: number
  readonly refused: ReadonlyMap<string, number>
  readonly messages: Set<string>
}

interface Judged {
  readonly resource: ResourcePart
  readonly admission: Admission
  /** Its pod is not known and may still turn up. */
  readonly mayCome: boolean
}

const nothingToKeep: KeepOutcome = { type: 'kept', droppedItems: 0 }

/** '': another replica stands between; it has told the resource what it knew of the address. */
function senderAddress({ peerAddress, forwarded = false }: OtlpRequest): string {
  return forwarded ? '' : peerAddress
}

function retry(message: string): OtlpOutcome {
  return { type: 'retry', status: 503, afterSeconds: retryAfterSeconds, message }
}
