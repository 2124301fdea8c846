import { randomUUID } from 'node:crypto'
import { applyPatch } from 'rfc6902'
import { Agent, request as send } from 'undici'
import type { Failure } from './answer.ts'
import type { Context } from './context.ts'
import type { KubeObject } from './objects.ts'
import { kindNamed } from './resources.ts'
import type { Target } from './target.ts'

/**
 * Mutating admission webhooks as an API server calls them
 * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/): those whose rules and
 * selectors match, in the order of their names, over TLS with the caBundle alone; a failure is ignored or refuses the
 * request; with `reinvocationPolicy: IfNeeded` one is asked again when a later one has changed the object. Conditions in CEL
 * are not evaluated.
 */
interface Webhook {
  readonly name: string
  readonly clientConfig: {
    readonly service?: { readonly name: string; readonly namespace: string; readonly path?: string }
    readonly caBundle?: string
  }
  readonly rules?: readonly {
    readonly operations: readonly string[]
    readonly apiGroups: readonly string[]
    readonly resources: readonly string[]
  }[]
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
  readonly failurePolicy?: 'Ignore' | 'Fail'
  readonly reinvocationPolicy?: 'Never' | 'IfNeeded'
  readonly timeoutSeconds?: number
}

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
    readonly values?: readonly string[]
  }[]
}

type Admitted =
  | { readonly type: 'admitted'; readonly object: Partial<KubeObject>; readonly warnings: readonly string[] }
  | { readonly type: 'refused'; readonly failure: Failure }

export async function admit(
  context: Context,
  target: Target,
  { body, isDryRun }: { readonly body: Partial<KubeObject>; readonly isDryRun: boolean },
): Promise<Admitted> {
  const matching = webhooksFor(context, target, body)
  let object = body
  const warnings: string[] = []
  for (const round of [1, 2]) {
    const before = JSON.stringify(object)
    for (const webhook of matching) {
      if (round === 2 && webhook.reinvocationPolicy !== 'IfNeeded') continue
      const answer = await call(context, target, { webhook, object, isDryRun })
      if (answer instanceof Error) {
        if (webhook.failurePolicy === 'Ignore') continue
        const message = `failed calling webhook "${webhook.name}": ${answer.message}`
        return { type: 'refused', failure: { code: 500, message } }
      }
      object = answer.object
      warnings.push(...answer.warnings)
    }
    if (JSON.stringify(object) === before) break
  }
  return { type: 'admitted', object, warnings }
}

function webhooksFor({ objects }: Context, target: Target, body: Partial<KubeObject>): readonly Webhook[] {
  const namespace = objects.get(kindNamed('Namespace'), '', target.namespace)
  return objects
    .list(kindNamed('MutatingWebhookConfiguration'))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap((configuration) => (configuration['webhooks'] ?? []) as readonly Webhook[])
    .filter(
      ({ rules = [], namespaceSelector, objectSelector }) =>
        rules.some(
          ({ operations, apiGroups, resources }) =>
            operations.includes('CREATE') &&
            apiGroups.includes(target.kind.group) &&
            resources.includes(target.kind.plural),
        ) &&
        isSelected(namespaceSelector, namespace?.metadata.labels ?? {}) &&
        isSelected(objectSelector, body.metadata?.labels ?? {}),
    )
}

function isSelected(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector = {},
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => matches(expression, labels[expression.key]))
  )
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number]

function matches({ operator, values = [] }: Expression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}

/** The object as the webhook wants it; an error: why it could not be asked, or what it says is no use. */
async function call(
  { hooks }: Context,
  { kind, namespace }: Target,
  {
    webhook: { clientConfig, timeoutSeconds = 10 },
    object,
    isDryRun,
  }: { readonly webhook: Webhook; readonly object: Partial<KubeObject>; readonly isDryRun: boolean },
): Promise<{ readonly object: Partial<KubeObject>; readonly warnings: readonly string[] } | Error> {
  const { service, caBundle = '' } = clientConfig
  const address = service && hooks.serviceAddress?.(service.namespace, service.name)
  if (!service || !address) return new Error(`service "${service?.name}" not found`)
  const ca = Buffer.from(caBundle, 'base64').toString()
  const servername = `${service.name}.${service.namespace}.svc`
  const dispatcher = new Agent({ connect: { ca: ca || 'none', servername } })
  const uid = randomUUID()
  try {
    const answer = await send(`https://${address}${service.path ?? '/'}?timeout=${timeoutSeconds}s`, {
      dispatcher,
      method: 'POST',
      signal: AbortSignal.timeout(timeoutSeconds * 1_000),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        request: {
          uid,
          kind: { group: kind.group, version: kind.version, kind: kind.kind },
          resource: { group: kind.group, version: kind.version, resource: kind.plural },
          operation: 'CREATE',
          namespace,
          dryRun: isDryRun,
          object: { apiVersion: 'v1', kind: kind.kind, ...object },
          oldObject: null,
          userInfo: { username: 'fake' },
        },
      }),
    })
    if (answer.statusCode !== 200)
      return new Error(`status ${answer.statusCode}: ${await answer.body.text()}`)
    const { response } = (await answer.body.json()) as {
      response: { uid: string; allowed: boolean; patchType?: string; patch?: string; warnings?: string[] }
    }
    if (response.uid !== uid) return new Error(`expected response.uid="${uid}", got "${response.uid}"`)
    if (!response.allowed) return new Error('denied the request')
    return { object: patched(object, response), warnings: response.warnings ?? [] }
  } catch (error) {
    return error instanceof Error
      ? new Error(`${error.message}: ${String(error.cause ?? '')}`)
      : new Error(String(error))
  } finally {
    await dispatcher.destroy()
  }
}

function patched(
  object: Partial<KubeObject>,
  { patchType, patch }: { readonly patchType?: string; readonly patch?: string },
): Partial<KubeObject> {
  if (patch === undefined) return object
  if (patchType !== 'JSONPatch') throw new Error(`invalid patch type ${patchType}`)
  const copy = structuredClone(object)
  const failed = applyPatch(copy, JSON.parse(Buffer.from(patch, 'base64').toString())).find(Boolean)
  if (failed) throw failed
  return copy
}
