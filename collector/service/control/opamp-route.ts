import { gunzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { errorText } from '../../std/assert.ts'
import { encodeServerMessage, parseAgentMessage } from '../../wire/opamp.ts'
import type { AgentRegistry } from './agent-registry.ts'

const bodyBytesMax = 512 * 1024

/**
 * POST /v1/opamp: the plain HTTP transport of OpAMP, one AgentToServer in, one ServerToAgent out.
 * Remote configuration will be added to the answer here, from the settings of the agent's cluster.
 */
export async function registerOpampRoute(app: FastifyInstance, registry: AgentRegistry): Promise<void> {
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
        message = parseAgentMessage(zipped ? gunzipSync(body, { maxOutputLength: bodyBytesMax }) : body)
      } catch (error) {
        return reply
          .code(400)
          .type('text/plain')
          .send(`cannot read the OpAMP message: ${errorText(error)}`)
      }
      const { known } = await registry.report(message)
      return reply
        .type('application/x-protobuf')
        .send(Buffer.from(encodeServerMessage({ agentUid: message.agentUid, reportFullState: !known })))
    })
  })
}
