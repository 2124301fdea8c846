import { gunzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import { encodeServerMessage, parseAgentMessage, type RemoteConfigOffer } from '../../wire/opamp.ts'
import type { AgentConfigs } from '../store/agent-configs.ts'
import type { AgentRegistry, ReportOutcome } from './agent-registry.ts'

const bodyBytesMax = 512 * 1024
/** 5,000 namespaces and an effective configuration, as JSON and YAML. */
const inflatedBytesMax = 8 * 1024 * 1024
const heldMsMax = 30_000

export interface OpampDeps {
  readonly registry: AgentRegistry
  readonly configs: Pick<AgentConfigs, 'current' | 'changed'>
  readonly clock: Clock
}

/**
 * POST /v1/opamp: the plain HTTP transport of OpAMP, one AgentToServer in, one ServerToAgent out.
 *
 * The answer carries the configuration of the agent's cluster when the agent has another. A request with
 * `Prefer: wait=SECONDS` (RFC 7240) that would get an empty answer is kept until there is a new configuration, at most
 * `heldMsMax`: so a change arrives at once, and agents need not ask often.
 */
export async function registerOpampRoute(
  app: FastifyInstance,
  { registry, configs, clock }: OpampDeps,
): Promise<void> {
  async function offerFor({
    clusterId,
    remoteConfigHash,
  }: ReportOutcome): Promise<RemoteConfigOffer | undefined> {
    // The agent goes on with what it has while the database is away.
    const newest = clusterId === '' ? undefined : await configs.current(clusterId).catch(() => undefined)
    if (!newest || newest.version === 0 || newest.hash === remoteConfigHash) return undefined
    return { hash: newest.hash, body: JSON.stringify(newest.config) }
  }

  async function hold(waitMs: number, outcome: ReportOutcome, gone: AbortSignal): Promise<void> {
    const ended = new AbortController()
    const signal = AbortSignal.any([ended.signal, gone])
    await Promise.race([
      clock.sleep(waitMs, signal),
      configs.changed(outcome.clusterId, outcome.remoteConfigHash, signal),
    ])
    ended.abort()
  }

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      'application/x-protobuf',
      { parseAs: 'buffer', bodyLimit: bodyBytesMax },
      (_request, body, done) => done(null, body),
    )
    scope.post('/v1/opamp', async (request, reply) => {
      let message: ReturnType<typeof parseAgentMessage>
      try {
        const body = request.body as Buffer // The only parser of this scope makes buffers.
        const zipped = request.headers['content-encoding'] === 'gzip'
        message = parseAgentMessage(zipped ? gunzipSync(body, { maxOutputLength: inflatedBytesMax }) : body)
      } catch (error) {
        return reply
          .code(400)
          .type('text/plain')
          .send(`cannot read the OpAMP message: ${errorText(error)}`)
      }
      const outcome = await registry.report(message)
      let remoteConfig = await offerFor(outcome)
      const waitMs = waitMsOf(request.headers['prefer'])
      if (!remoteConfig && outcome.known && outcome.clusterId !== '' && waitMs > 0) {
        const gone = new AbortController()
        reply.raw.once('close', () => gone.abort())
        await hold(waitMs, outcome, gone.signal)
        remoteConfig = await offerFor(outcome)
      }
      return reply.type('application/x-protobuf').send(
        Buffer.from(
          encodeServerMessage({
            agentUid: message.agentUid,
            reportFullState: !outcome.known,
            ...(remoteConfig ? { remoteConfig } : {}),
          }),
        ),
      )
    })
  })
}

function waitMsOf(prefer: string | string[] | undefined): number {
  const seconds = /(?:^|[,;\s])wait=(\d{1,4})/.exec(String(prefer ?? ''))?.[1]
  return seconds === undefined ? 0 : Math.min(Number(seconds) * 1_000, heldMsMax)
}
