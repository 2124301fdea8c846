import type { IncomingMessage } from 'node:http'
import { admit } from './admission.ts'
import { answerFailure, answerJson, type Failure } from './answer.ts'
import type { Context, Exchange } from './context.ts'
import { type KubeObject, mergePatch } from './objects.ts'
import { kindNamed, type ResourceKind } from './resources.ts'
import { selectorOf } from './selectors.ts'
import type { Target } from './target.ts'

type Outcome = { readonly status: number; readonly body: unknown } | Failure
const bodyBytesMax = 3 * 1024 ** 2
const mergeTypes = [
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

/** Create, update, patch and delete. Strategic merge is treated as merge: lists are replaced. */
export async function write(
  context: Context,
  target: Target,
  { request, response, url }: Exchange,
): Promise<void> {
  const body = await readBody(request)
  if (body instanceof Error) return answerFailure(response, { code: 400, message: body.message })
  const isDryRun = url.searchParams.get('dryRun') === 'All'
  const isNew = request.method === 'POST' && target.name === undefined && target.subresource === undefined
  const admitted = isNew && body ? await admit(context, target, { body, isDryRun }) : undefined
  if (admitted?.type === 'refused') return answerFailure(response, admitted.failure)
  for (const warning of admitted?.warnings ?? []) response.appendHeader('warning', `299 - "${warning}"`)
  if (admitted && isDryRun) return answerJson({ request, response }, 201, admitted.object)
  const outcome = outcomeOf(context, target, { request, url, body: admitted?.object ?? body })
  if ('code' in outcome) return answerFailure(response, outcome)
  answerJson({ request, response }, outcome.status, outcome.body)
}

interface WriteRequest {
  readonly request: IncomingMessage
  readonly url: URL
  readonly body: Partial<KubeObject> | undefined
}

function outcomeOf(context: Context, target: Target, { request, url, body }: WriteRequest): Outcome {
  const { kind, namespace, name } = target
  if (request.method === 'POST' && name === undefined) return create(context, target, body)
  if (request.method === 'DELETE' && name === undefined) return removeAll(context, target, url)
  const current = context.objects.get(kind, namespace, name ?? '')
  if (!current) return { code: 404, message: `${kind.plural} "${name}" not found` }
  switch (request.method) {
    case 'PUT':
      return body?.metadata?.name === name
        ? update(context, target, { current, next: body as KubeObject })
        : { code: 400, message: 'the name of the object does not match the name on the URL' }
    case 'PATCH': {
      const type = String(request.headers['content-type']).split(';')[0] ?? ''
      if (!mergeTypes.includes(type))
        return { code: 415, message: `the body of the request was in an unknown format ${type}` }
      return update(context, target, { current, next: mergePatch(current, body) as KubeObject, patch: body })
    }
    case 'DELETE':
      return remove(context, target, { current, body })
    default:
      return { code: 405, message: 'the server does not allow this method on the requested resource' }
  }
}

function create(
  { objects }: Context,
  { kind, namespace }: Target,
  body: Partial<KubeObject> | undefined,
): Outcome {
  const metadata = body?.metadata
  if (!body || !metadata) return { code: 400, message: 'the body of the request holds no object' }
  if (body.kind !== undefined && body.kind !== kind.kind)
    return { code: 400, message: `${body.kind} cannot be handled as a ${kind.kind}` }
  if (kind.namespaced && metadata.namespace !== undefined && metadata.namespace !== namespace)
    return {
      code: 400,
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    }
  if (kind.namespaced && !objects.get(kindNamed('Namespace'), '', namespace))
    return { code: 404, message: `namespaces "${namespace}" not found` }
  const prefix = metadata['generateName']
  const name =
    metadata.name ?? (typeof prefix === 'string' ? prefix + Math.random().toString(36).slice(2, 7) : '')
  const problem = nameProblem(kind, name)
  if (problem) {
    const cause = { reason: 'FieldValueInvalid', message: problem, field: 'metadata.name' }
    return {
      code: 422,
      message: `${kind.kind} "${name}" is invalid: metadata.name: Invalid value: "${name}": ${problem}`,
      details: { name, kind: kind.kind, causes: [cause] },
    }
  }
  if (objects.get(kind, namespace, name))
    return { code: 409, reason: 'AlreadyExists', message: `${kind.plural} "${name}" already exists` }
  // These are the server's to give.
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _time, ...given } = metadata
  const created = { ...body, metadata: { ...given, name, ...(kind.namespaced ? { namespace } : {}) } }
  return { status: 201, body: objects.create(kind, created) }
}

function nameProblem(kind: ResourceKind, name: string): string | undefined {
  const isLabel = kind.kind === 'Namespace' || kind.kind === 'Service'
  const pattern = isLabel ? /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/ : /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
  if (pattern.test(name) && name.length <= (isLabel ? 63 : 253)) return undefined
  return `a lowercase RFC 1123 ${isLabel ? 'label' : 'subdomain'} must consist of lower case alphanumeric characters`
}

function update(
  { objects }: Context,
  { kind, subresource }: Target,
  {
    current,
    next,
    patch,
  }: {
    readonly current: KubeObject
    readonly next: KubeObject
    readonly patch?: Partial<KubeObject> | undefined
  },
): Outcome {
  const wanted = (patch ?? next).metadata
  if (wanted?.uid !== undefined && wanted.uid !== current.metadata.uid)
    return uidConflict(kind, current, wanted.uid)
  if (wanted?.resourceVersion !== undefined && wanted.resourceVersion !== current.metadata.resourceVersion) {
    return {
      code: 409,
      message: `Operation cannot be fulfilled on ${kind.plural} "${current.metadata.name}": the object has been modified; please apply your changes to the latest version and try again`,
    }
  }
  // A controller writes the status, a user the rest; neither touches the other's part.
  const merged =
    subresource === 'status'
      ? { ...current, metadata: next.metadata, status: next['status'] }
      : current['status'] === undefined
        ? next
        : { ...next, status: current['status'] }
  const namespace = current.metadata.namespace
  merged.metadata = { ...merged.metadata, name: current.metadata.name, ...(namespace ? { namespace } : {}) }
  return { status: 200, body: objects.replace(kind, merged) }
}

function remove(
  { objects }: Context,
  { kind }: Target,
  { current, body }: { readonly current: KubeObject; readonly body: Partial<KubeObject> | undefined },
): Outcome {
  const { uid, resourceVersion } = (body?.['preconditions'] ?? {}) as {
    uid?: string
    resourceVersion?: string
  }
  if (uid !== undefined && uid !== current.metadata.uid) return uidConflict(kind, current, uid)
  if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
    return { code: 409, message: 'Precondition failed: resourceVersion' }
  return { status: 200, body: objects.remove(kind, current.metadata.namespace ?? '', current.metadata.name) }
}

function uidConflict(kind: ResourceKind, { metadata }: KubeObject, uid: string): Failure {
  return {
    code: 409,
    message: `Operation cannot be fulfilled on ${kind.plural} "${metadata.name}": Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
  }
}

function removeAll({ objects }: Context, { kind, namespace }: Target, url: URL): Outcome {
  const selector = selectorOf(kind, url.searchParams)
  if (selector.type === 'unsupported') return { code: 400, message: selector.message }
  const gone = objects
    .list(kind)
    .filter((object) => (!namespace || object.metadata.namespace === namespace) && selector.matches(object))
  for (const { metadata } of gone) objects.remove(kind, metadata.namespace ?? '', metadata.name)
  return { status: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } }
}

/** undefined: there is no body; an error: it is none that can be read. */
export async function readBody(request: IncomingMessage): Promise<Partial<KubeObject> | undefined | Error> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > bodyBytesMax) return new Error(`the body is longer than ${bodyBytesMax} bytes`)
    chunks.push(chunk as Buffer)
  }
  if (size === 0) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
    return typeof value === 'object' && value !== null ? value : new Error('the body is no object')
  } catch (error) {
    return new Error(`the body is no JSON: ${String(error)}`)
  }
}
