import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeProto } from '../../collector/wire/proto-writer.ts'
import { startFakeKubeApi } from '../support/kube-api/server.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { eventually, freePort, startNode, tempDirectory } from '../support/processes.ts'

const rounds = 4
const spansPerRound = 60

test('with tail sampling an agent killed again and again ships every error span that it acknowledged', async () => {
  await using opened = new AsyncDisposableStack()
  const directory = tempDirectory('agent-sampling')
  opened.defer(() => directory.remove())
  const kube = await startFakeKubeApi()
  opened.defer(() => kube.close())
  kube.create('Namespace', { metadata: { name: 'kube-system', uid: 'uid-kube-system' } })
  kube.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } } })
  kube.create('Pod', {
    metadata: { name: 'web-1', namespace: 'shop', uid: 'uid-web-1' },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'registry/web:v3' }] },
    status: { phase: 'Running', podIP: '10.0.0.7' },
  })
  const kubeconfig = join(directory.path, 'kubeconfig')
  writeFileSync(kubeconfig, kube.kubeconfig())
  const sink = await startOtlpSink()
  opened.defer(() => sink.close())

  async function startAgent() {
    const [http, grpc, admin] = [await freePort(), await freePort(), await freePort()]
    const agent = startNode(['collector/cli/main.ts', 'agent', '--kubeconfig', kubeconfig], {
      BINNACLE_SERVICE_ENDPOINT: sink.url,
      BINNACLE_SPOOL_DIRECTORY: join(directory.path, 'spool'),
      BINNACLE_RECEIVE_HTTP_PORT: String(http),
      BINNACLE_RECEIVE_GRPC_PORT: String(grpc),
      BINNACLE_ADMIN_PORT: String(admin),
      BINNACLE_SCRAPE_ENABLED: 'false',
      BINNACLE_BATCH_WINDOW_MS: '20',
      BINNACLE_SAMPLING_ENABLED: 'true',
      BINNACLE_SAMPLING_RATIO: '0.0001',
      // Some traces are decided and shipped before the kill, the others not.
      BINNACLE_SAMPLING_AGE_MS: '1000',
      BINNACLE_SAMPLING_AFTER_ROOT_MS: '1000',
    })
    opened.defer(async () => {
      await agent.kill('SIGKILL')
    })
    const ready = async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok || undefined
    await eventually('the agent is ready', ready, { withinMs: 60_000, hint: agent.output })
    return { agent, http }
  }

  const acknowledged = new Set<string>()
  let { agent, http } = await startAgent()
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < spansPerRound; index++) {
      const name = `failed-${round}-${index};`
      const answer = await fetch(`http://127.0.0.1:${http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: Buffer.from(request(name, round * spansPerRound + index)),
      })
      if (answer.status === 200) acknowledged.add(name)
    }
    await agent.kill('SIGKILL')
    ;({ agent, http } = await startAgent())
  }
  expect(acknowledged.size).toBe(rounds * spansPerRound)
  const arrived = () => {
    const bodies = sink.requests.filter(({ path }) => path === '/v1/traces').map(({ body }) => body)
    return new Set(bodies.flatMap((body) => body.toString('latin1').match(/failed-\d+-\d+;/g) ?? []))
  }
  await eventually(
    'every error span is shipped',
    async () => arrived().size >= acknowledged.size || undefined,
    {
      withinMs: 60_000,
      hint: () => `${arrived().size} of ${acknowledged.size}; ${agent.output()}`,
    },
  )
  expect(arrived()).toEqual(acknowledged)
}, 240_000)

function request(name: string, ordinal: number): Uint8Array {
  const id = Buffer.alloc(16, 1)
  id.writeUInt32BE(ordinal + 1)
  return writeProto()
    .message(1, (resourceSpans) =>
      resourceSpans
        .message(1, (resource) =>
          resource.message(1, (pair) =>
            pair.text(1, 'k8s.pod.uid').message(2, (value) => value.text(1, 'uid-web-1')),
          ),
        )
        .message(2, (scope) =>
          scope.message(2, (span) =>
            span
              .bytes(1, id)
              .bytes(2, id.subarray(0, 8))
              .text(5, name)
              .message(15, (status) => status.varint(3, 2)),
          ),
        ),
    )
    .finish()
}
