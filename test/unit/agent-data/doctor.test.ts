import { afterEach, expect, test } from 'vitest'
import { agentChecks } from '../../../collector/cli/agent-checks.ts'
import { type AgentStack, startAgentStack } from './support.ts'

/** `binnacle doctor --agent`, which `helm test` runs, against running agents. */
let stack: AgentStack

afterEach(() => stack?.close())

async function checked({ withinMs = 10_000 } = {}): Promise<Record<string, string>> {
  const { ports } = stack.agent
  const url = (port: number) => `http://127.0.0.1:${port}`
  const lines: Record<string, string> = {}
  for (const { name, run } of agentChecks({ agent: url(ports.admin), otlp: url(ports.http), withinMs }))
    lines[name.replace(/ at http.*/, '')] = await run().catch((error: Error) => `FAIL ${error.message}`)
  return lines
}

test('a sound agent: its rights, its way to the service, its namespaces and why', async () => {
  stack = await startAgentStack({ 'cluster.name': 'here' })
  const lines = await checked()
  expect(lines).toEqual({
    agent: 'version 0.1.0, mode full, cluster here (uid-kube-system); it speaks for the cluster',
    permissions: expect.stringMatching(/^(\d+) of \1 granted$/),
    'agent → service': expect.stringMatching(/^[1-9]\d* items are stored there$/),
    'applications → agent': 'it takes OTLP/HTTP',
    'everything else': expect.stringMatching(/^\d+ parts are well/),
    'collected namespaces': '1, and 2 are not collected\n     shop: label binnacle.dev/collect=enabled',
  })
})

test('a service that nobody answers for is named', async () => {
  stack = await startAgentStack({ 'service.endpoint': 'http://127.0.0.1:1' })
  const lines = await checked({ withinMs: 500 })
  expect(lines['agent → service']).toMatch(/^FAIL .*127\.0\.0\.1:1/)
})

test('a right that is missing is named, and what to do about it', async () => {
  stack = await startAgentStack({}, {}, ({ faults }) =>
    faults.forbid({ verb: 'watch', resource: 'cronjobs' }),
  )
  const lines = await checked({ withinMs: 2_000 })
  expect(lines['permissions']).toMatch(
    /^FAIL permission cronjobs: the role does not grant watch.*upgrade the chart/,
  )
})
