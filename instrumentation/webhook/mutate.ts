import { createHash } from 'node:crypto'
import { type Decision, decide, languagesOf, type Reason, type Subject } from './decide.ts'
import { saidBefore } from './foreign.ts'
import { injectedLabel, injectionAnnotation } from './names.ts'
import { type PatchOperation, patchOfMetadata, patchOfSpec } from './patch.ts'
import { isObject, isPod } from './pod.ts'
import { type InjectionSettings, type Language, languageNames, type SwitchedOff } from './settings.ts'
import { workloadsOf } from './workload.ts'

/**
 * From an AdmissionReview to its answer (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/):
 * a pure function of the request and the configuration. Pods are always allowed, whatever comes here and whatever happens;
 * seen twice, a pod is not changed a second time.
 */
export interface Mutation {
  /** The AdmissionReview to answer with. */
  readonly answer: object
  readonly outcome: Outcome
}

export interface Outcome {
  readonly result: 'injected' | 'skipped' | 'unchanged' | 'ignored' | 'unreadable' | 'failed'
  /** For metrics: one of a fixed set, else ''. */
  readonly reason: Reason['code'] | ''
  /** For people. */
  readonly text: string
  readonly languages: readonly Language[]
  /** `<namespace>/<workload>`. */
  readonly about: string
  readonly isDryRun: boolean
}

const textLengthMax = 512

export function mutate(
  review: unknown,
  settings: InjectionSettings,
  switchedOff: readonly SwitchedOff[],
): Mutation {
  const request = isObject(review) && isObject(review['request']) ? review['request'] : {}
  const isDryRun = request['dryRun'] === true
  const outcome = { reason: '', text: '', languages: [], about: '', isDryRun } as const
  try {
    const problem = problemOf(review, request)
    if (problem) return refusal(review, request, { ...outcome, result: 'unreadable', text: problem })
    if (!isNewPod(request))
      return { answer: answer(review, request), outcome: { ...outcome, result: 'ignored' } }
    const pod = request['object']
    if (!isPod(pod))
      return refusal(review, request, { ...outcome, result: 'unreadable', text: 'the object is no pod' })
    const subject = { pod, namespace: String(request['namespace']) }
    const decision = decide(subject, settings, switchedOff)
    const [workload] = workloadsOf(pod)
    const about = `${subject.namespace}/${workload.name}`
    const said = wordsOf(decision, subject)
    return {
      answer: answer(review, request, { patch: patchOf(decision, { subject, said, settings }) }),
      outcome: {
        ...outcome,
        about,
        result: decision.type,
        reason: decision.type === 'skipped' ? decision.reason.code : '',
        text: said ?? '',
        languages: decision.type === 'injected' ? languagesOf(decision.plans) : [],
      },
    }
  } catch (error) {
    return refusal(review, request, {
      ...outcome,
      result: 'failed',
      text: String(error).slice(0, textLengthMax),
    })
  }
}

/** What is injected, short: pods with another one need a restart to get what is injected now. */
export function injectionHash(settings: InjectionSettings, languages: readonly Language[]): string {
  const { image, endpoint, protocol, propagators, sampler, env } = settings
  const what = [
    [...languages].sort(),
    image.reference,
    endpoint,
    protocol,
    propagators,
    sampler,
    Object.entries(env).sort(),
  ]
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 10)
}

function problemOf(review: unknown, request: Readonly<Record<string, unknown>>): string | undefined {
  if (!isObject(review) || review['kind'] !== 'AdmissionReview') return 'it is no AdmissionReview'
  return typeof request['uid'] === 'string' && request['uid'] !== ''
    ? undefined
    : 'it has no request with a uid'
}

function isNewPod({ kind, operation, subResource, namespace }: Readonly<Record<string, unknown>>): boolean {
  const isPodKind = isObject(kind) && kind['group'] === '' && kind['kind'] === 'Pod'
  return isPodKind && operation === 'CREATE' && !subResource && typeof namespace === 'string'
}

/** What the annotation says; undefined: nothing new. */
function wordsOf(decision: Decision, { pod }: Subject): string | undefined {
  switch (decision.type) {
    case 'unchanged':
      return undefined
    case 'skipped':
      return `skipped: ${decision.reason.text}`.slice(0, textLengthMax)
    case 'injected': {
      const before = /^injected: ([a-z, ]+)/.exec(saidBefore(pod) ?? '')?.[1]?.split(', ') ?? []
      const now = languagesOf(decision.plans)
      const languages = languageNames.filter(
        (language) => now.includes(language) || before.includes(language),
      )
      return [`injected: ${languages.join(', ')}`, ...decision.notes].join('; ').slice(0, textLengthMax)
    }
  }
}

function patchOf(
  decision: Decision,
  {
    subject,
    said,
    settings,
  }: { readonly subject: Subject; readonly said: string | undefined; readonly settings: InjectionSettings },
): readonly PatchOperation[] {
  const { pod } = subject
  const annotation =
    said === undefined ? [] : patchOfMetadata(pod, 'annotations', [injectionAnnotation, said])
  if (decision.type !== 'injected') return annotation
  const hash = injectionHash(settings, languagesOf(decision.plans))
  return [
    ...patchOfSpec(subject, decision.plans, settings),
    ...annotation,
    ...patchOfMetadata(pod, 'labels', [injectedLabel, hash]),
  ]
}

function refusal(review: unknown, request: Readonly<Record<string, unknown>>, outcome: Outcome): Mutation {
  // API servers show warnings to whoever made the request, cut after 120 characters or so.
  const warnings = [`binnacle: the pod is left as it is: ${outcome.text}`.slice(0, 120)]
  return { answer: answer(review, request, { warnings }), outcome }
}

function answer(
  review: unknown,
  { uid }: Readonly<Record<string, unknown>>,
  {
    patch = [],
    warnings,
  }: { readonly patch?: readonly PatchOperation[]; readonly warnings?: readonly string[] } = {},
): object {
  const version = isObject(review) ? review['apiVersion'] : undefined
  return {
    apiVersion: version === 'admission.k8s.io/v1beta1' ? version : 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: typeof uid === 'string' ? uid : '',
      allowed: true,
      ...(patch.length > 0
        ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
        : {}),
      ...(warnings ? { warnings } : {}),
    },
  }
}
