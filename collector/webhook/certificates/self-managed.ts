import type { JsonObject, KubeError } from '../../record/kube-api.ts'
import { createBackoff } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { KeyPair } from './issue.ts'
import { renewed, type Shared } from './renewal.ts'

/**
 * Certificates without anybody's help: an authority and a certificate of its own in a Secret that all replicas share, and the
 * authority in the caBundle of the webhook configuration.
 *
 * Replicas agree by the version of what they change: who comes second gets a conflict and reads again. The configuration is
 * read before the Secret: whoever changed the configuration has changed the Secret before, so what is written there is never
 * older than what stands there.
 */
export interface SelfManaged {
  /** Goes on until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  /** One look, and what it makes necessary. */
  round(signal: AbortSignal): Promise<void>
  /** What is served now; undefined: there is none yet. */
  current(): KeyPair | undefined
  /** Why there is none or it is not trusted yet, or what cannot be renewed; else ''. */
  problem(): string
}

export interface CertificateApi {
  get(path: string, signal: AbortSignal): Promise<Answer>
  write(
    request: { readonly method: 'PUT'; readonly path: string; readonly body: JsonObject },
    signal: AbortSignal,
  ): Promise<Answer>
}
type Answer = { readonly type: 'object'; readonly object: JsonObject } | KubeError

export interface SelfManagedConfig {
  readonly namespace: string
  readonly secret: string
  readonly service: string
  readonly configuration: string
}

/** A caBundle that somebody takes back is missed for so long. */
const everyMs = 60_000
const conflictsMax = 5

export function createSelfManaged(
  {
    client,
    clock,
    log,
    random,
    onChange,
  }: {
    readonly client: CertificateApi
    readonly clock: Clock
    readonly log: Log
    readonly random: () => number
    readonly onChange: (pair: KeyPair) => void
  },
  { namespace, secret, service, configuration }: SelfManagedConfig,
): SelfManaged {
  const secretPath = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(secret)}`
  const configurationPath = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${encodeURIComponent(configuration)}`
  const dnsNames = [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`]
  const backoff = createBackoff({ firstMs: 1_000, maxMs: everyMs, random })
  let served: KeyPair | undefined
  let problem = 'no certificate yet'

  async function round(signal: AbortSignal): Promise<void> {
    let last = ''
    for (let tries = 0; tries < conflictsMax && !signal.aborted; tries++) {
      const outcome = await attempt(signal)
      if (outcome === 'done') {
        if (problem !== '' && served) log.info('the certificate is served and trusted')
        problem = ''
        backoff.reset()
        return
      }
      if (outcome !== 'conflict') {
        last = outcome
        break
      }
      last = 'other replicas change the same objects all the time'
    }
    if (signal.aborted) return
    if (problem !== last) log.warn({ cause: last }, 'cannot keep the certificate as it shall be')
    problem = last
  }

  /** `done`, `conflict`, or the problem. */
  async function attempt(signal: AbortSignal): Promise<string> {
    const found = await client.get(configurationPath, signal)
    if (found.type === 'error') return cannot('read', `MutatingWebhookConfiguration ${configuration}`, found)
    const held = await client.get(secretPath, signal)
    if (held.type === 'error') return cannot('read', `Secret ${namespace}/${secret}`, held)
    const before = sharedOf(held.object)
    const now = renewed(before, { dnsNames, nowMs: clock.nowMs(), trusted: leastTrusted(found.object) })
    if (now !== before) {
      const body = withShared(held.object, now)
      const answer = await client.write({ method: 'PUT', path: secretPath, body }, signal)
      if (answer.type === 'error')
        return answer.status === 409 ? 'conflict' : cannot('update', `Secret ${namespace}/${secret}`, answer)
      log.info({ secret: `${namespace}/${secret}` }, 'issued a certificate')
    }
    if (served?.cert !== now.leaf.cert) {
      served = now.leaf
      onChange(served)
    }
    const trusting = withBundle(found.object, now.bundle)
    if (!trusting) return 'done'
    const answer = await client.write({ method: 'PUT', path: configurationPath, body: trusting }, signal)
    if (answer.type === 'object') return 'done'
    return answer.status === 409
      ? 'conflict'
      : cannot('update', `MutatingWebhookConfiguration ${configuration}`, answer)
  }

  return {
    round,
    async run(signal) {
      while (!signal.aborted) {
        await round(signal)
        const waitMs = problem === '' ? everyMs * (0.9 + random() * 0.2) : backoff.nextMs()
        if (!signal.aborted) await clock.sleep(waitMs, signal)
      }
    },
    current: () => served,
    problem: () => problem,
  }
}

const cannot = (verb: string, what: string, { message }: KubeError) =>
  `cannot ${verb} the ${what}: ${message}`

const keys = { bundle: 'ca.crt', authorityKey: 'ca.key', cert: 'tls.crt', key: 'tls.key' } as const

function sharedOf(object: JsonObject): Shared | undefined {
  const data = (object['data'] ?? {}) as Readonly<Record<string, unknown>>
  const text = (key: string) => Buffer.from(String(data[key] ?? ''), 'base64').toString()
  const bundle = text(keys.bundle)
  if (bundle === '') return undefined
  return {
    bundle,
    authorityKey: text(keys.authorityKey),
    leaf: { cert: text(keys.cert), key: text(keys.key) },
  }
}

function withShared(object: JsonObject, { bundle, authorityKey, leaf }: Shared): JsonObject {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return {
    ...object,
    data: {
      ...(object['data'] as object | undefined),
      [keys.bundle]: base64(bundle),
      [keys.authorityKey]: base64(authorityKey),
      [keys.cert]: base64(leaf.cert),
      [keys.key]: base64(leaf.key),
    },
  }
}

interface Webhook {
  readonly clientConfig?: { readonly caBundle?: string }
}
const webhooksOf = (object: JsonObject) => (object['webhooks'] ?? []) as readonly Webhook[]

/** What all webhooks of the configuration trust. */
function leastTrusted(object: JsonObject): string {
  const bundles = webhooksOf(object).map(({ clientConfig }) => clientConfig?.caBundle ?? '')
  return Buffer.from(
    bundles.every((one) => one === bundles[0]) ? (bundles[0] ?? '') : '',
    'base64',
  ).toString()
}

/** Undefined: it stands there. */
function withBundle(object: JsonObject, bundle: string): JsonObject | undefined {
  const caBundle = Buffer.from(bundle).toString('base64')
  const webhooks = webhooksOf(object)
  if (webhooks.every(({ clientConfig }) => clientConfig?.caBundle === caBundle)) return undefined
  return {
    ...object,
    webhooks: webhooks.map((one) => ({ ...one, clientConfig: { ...one.clientConfig, caBundle } })),
  }
}
