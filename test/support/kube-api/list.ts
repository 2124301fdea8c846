import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerFailure, answerJson } from './answer.ts'
import type { Context, Exchange, Snapshot } from './context.ts'
import type { KubeObject } from './objects.ts'
import { apiVersionOf, type ResourceKind } from './resources.ts'
import { selectorOf } from './selectors.ts'
import { partialMetadata, podTable } from './table.ts'
import type { Target } from './target.ts'

const snapshotsMax = 1_000

/** Pages of a consistent snapshot; the token of a page can be used again, as after a lost answer. */
export function list(
  context: Context,
  { kind, namespace }: Target,
  { request, response, url }: Exchange,
): void {
  const parameters = url.searchParams
  const selector = selectorOf(kind, parameters)
  if (selector.type === 'unsupported')
    return answerFailure(response, { code: 400, message: selector.message })
  const token = parameters.get('continue') ?? ''
  const version = parameters.get('resourceVersion') ?? ''
  if (token && version) {
    const message = 'specifying resource version is not allowed when using continue'
    return answerFailure(response, { code: 400, message })
  }
  if (!/^\d*$/.test(version))
    return answerFailure(response, { code: 400, message: `invalid version ${version}` })
  if (version && BigInt(version) > context.objects.version) {
    return answerFailure(response, tooLarge(version, context.objects.version))
  }
  const kept = context.snapshots.get(token)
  if (token && (!kept || kept.version < context.objects.compactedTo(kind))) {
    return answerFailure(response, {
      code: 410,
      message: 'The provided continue parameter is too old to display a consistent list result.',
      ...(kept ? { continueToken: keep(context, kind, { ...kept, version: context.objects.version }) } : {}),
    })
  }
  const matches = (object: KubeObject) =>
    (!namespace || object.metadata.namespace === namespace) && selector.matches(object)
  const snapshot = kept ?? presentOrCached(context, kind, { version, matches })
  // The watch cache, which answers for version 0, has no pages.
  const limit = version === '0' ? 0 : Number(parameters.get('limit') ?? 0)
  const page = limit > 0 ? snapshot.items.slice(0, limit) : snapshot.items
  const rest = snapshot.items.slice(page.length)
  const next = rest.length > 0 ? keep(context, kind, { items: rest, version: snapshot.version }) : ''
  const metadata = {
    resourceVersion: String(snapshot.version),
    ...(next
      ? { continue: next, ...(selector.isEverything ? { remainingItemCount: rest.length } : {}) }
      : {}),
  }
  const body = render(request, kind, context.faults.nullLists && page.length === 0 ? null : page, metadata)
  if (context.faults.cutLists > 0) {
    context.faults.cutLists--
    return cutShort(response, body)
  }
  answerJson({ request, response, pace: context.faults }, 200, body)
}

/** Half of the body, and the end of the connection. */
function cutShort(response: ServerResponse, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(200, { 'content-type': 'application/json' })
  response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy())
}

/** What is now, or what a cache that lags behind knows. */
function presentOrCached(
  { objects, frozen }: Context,
  kind: ResourceKind,
  { version, matches }: { readonly version: string; readonly matches: (object: KubeObject) => boolean },
): Snapshot {
  const cached = version === '0' ? frozen.get(kind) : undefined
  return {
    version: cached?.version ?? objects.version,
    items: (cached?.items ?? objects.list(kind)).filter(matches),
  }
}

function keep({ snapshots }: Context, kind: ResourceKind, snapshot: Snapshot): string {
  const token = Buffer.from(randomUUID()).toString('base64url')
  snapshots.set(token, { ...snapshot, kind })
  if (snapshots.size > snapshotsMax) snapshots.delete(snapshots.keys().next().value ?? '')
  return token
}

function render(
  request: IncomingMessage,
  kind: ResourceKind,
  items: readonly KubeObject[] | null,
  metadata: { readonly resourceVersion: string },
): object {
  const accept = String(request.headers.accept)
  if (kind.kind === 'Pod' && accept.includes('as=Table'))
    return podTable(items ?? [], metadata.resourceVersion)
  if (accept.includes('as=PartialObjectMetadata')) {
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: items?.map(partialMetadata) ?? null,
    }
  }
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items }
}

export function rendererOf(request: IncomingMessage): (object: KubeObject) => KubeObject {
  return String(request.headers.accept).includes('as=PartialObjectMetadata')
    ? partialMetadata
    : (object) => object
}

export function getOne({ objects }: Context, target: Target, { request, response }: Exchange): void {
  const object = objects.get(target.kind, target.namespace, target.name ?? '')
  if (!object) {
    return answerFailure(response, { code: 404, message: `${target.kind.plural} "${target.name}" not found` })
  }
  if (target.kind.kind === 'Pod' && String(request.headers.accept).includes('as=Table')) {
    return answerJson({ request, response }, 200, podTable([object], object.metadata.resourceVersion ?? ''))
  }
  answerJson({ request, response }, 200, rendererOf(request)(object))
}

/** https://github.com/kubernetes/apimachinery: errors.NewTimeoutError with cause ResourceVersionTooLarge. */
export function tooLarge(version: string, current: bigint) {
  const message = `Too large resource version: ${version}, current: ${current}`
  return {
    code: 504,
    message,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message }], retryAfterSeconds: 1 },
  }
}
