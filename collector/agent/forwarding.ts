import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Agent } from 'undici'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'
import { openTlsFiles } from '../std/tls-files.ts'
import type { AgentConfig } from './config-schema.ts'
import type { TracePart } from './forward/by-owner.ts'
import { createForwarder, type ForwarderDeps, type ForwardOutcome } from './forward/forwarder.ts'
import { createReplicas, type ReplicasDeps } from './forward/replicas.ts'
import { createPost, type Post } from './ship/post.ts'

/** Between replicas that sample: finds them, and sends each span to the one that decides its trace. */
export interface Forwarding {
  keep(parts: readonly TracePart[]): Promise<ForwardOutcome>
  run(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface ForwardingDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly keepHere: ForwarderDeps['keepHere']
  /** Absent: as the system finds them. */
  readonly resolve: ReplicasDeps['resolve'] | undefined
}

/** A sender waits meanwhile, and has ten seconds as a rule. */
const timeoutMs = 3_000
/** To one replica; what waits for one is bounded by what the receivers take at once. */
const connections = 4

/** Throws when a file of certificates cannot be used. */
export function createForwarding(
  deps: ForwardingDeps,
  { sampling: { replicas }, receive: { tls } }: Pick<AgentConfig, 'sampling' | 'receive'>,
): Forwarding {
  const { clock, log, metrics, keepHere } = deps
  const [hostname = '', port] = replicas.address.split(':')
  // A pod of two families is one replica.
  const family = isIP(replicas.ownAddress)
  const isSecure = tls.certFile !== ''
  // Where applications must show a certificate, so must we: the one that we show them.
  const own = tls.clientCaFile === '' ? { certFile: '', keyFile: '' } : tls
  const files = openTlsFiles({ certFile: own.certFile, keyFile: own.keyFile, caFile: replicas.caFile }, clock)
  let dispatcher = connect()
  let material = files.material()
  function connect() {
    const secure = { ...files.material(), servername: replicas.serverName || hostname }
    return new Agent({ connections, ...(isSecure ? { connect: secure } : {}) })
  }

  const posts = new Map<string, Post>()
  function postTo(address: string): Post {
    if (files.material() !== material) {
      material = files.material()
      dispatcher.close().catch(() => {})
      dispatcher = connect()
      posts.clear()
    }
    const known = posts.get(address)
    if (known) return known
    const host = address.includes(':') ? `[${address}]` : address
    const endpoint = `${isSecure ? 'https' : 'http'}://${host}:${port}`
    const headers = async () => ({ 'binnacle-forwarded': '1' })
    const post = createPost(
      { dispatcher, headers, onSent: () => {} },
      { endpoint, timeoutMs, compression: 'none' },
    )
    posts.set(address, post)
    return post
  }

  const resolveHere = async (host: string) =>
    (await lookup(host, { all: true, family })).map(({ address }) => address)
  const found = createReplicas({ clock, log, resolve: deps.resolve ?? resolveHere }, hostname)
  const forwarded = metrics.counter(
    'sampling_forwarded_spans',
    'Spans of traces that another replica decides, by outcome: taken by it, or kept here because it could not be reached',
  )
  metrics.gauge('sampling_replicas', 'Replicas that share the traces', () => found.addresses().length)
  const forwarder = createForwarder(
    {
      clock,
      addresses: found.addresses,
      keepHere,
      async send(address, bytes) {
        const one = {
          id: '',
          signal: 'traces',
          body: { bytes, compression: 'identity' },
          resend: false,
        } as const
        const outcome = await postTo(address)(one, AbortSignal.timeout(timeoutMs))
        return outcome.type === 'accepted' ? { rejected: outcome.rejected } : undefined
      },
      onForwarded: (outcome, items) => forwarded.add(items, { outcome }),
    },
    { ownAddress: replicas.ownAddress },
  )
  return {
    keep: forwarder.keep,
    run: found.run,
    close: () => dispatcher.destroy(),
  }
}
