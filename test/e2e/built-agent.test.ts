import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'
import { eventually, root, startNode, type TempDirectory, tempDirectory } from '../support/processes.ts'

/** What images run: the same program, with the agent as one file. */
const program = 'collector/dist/main.mjs'
let directory: TempDirectory
let kube: FakeKubeApi

beforeAll(async () => {
  directory = tempDirectory('built-agent')
  await promisify(execFile)(process.execPath, [join(root, 'collector/cli/build.ts')])
  kube = await startFakeKubeApi()
  for (const name of ['kube-system', 'shop']) kube.create('Namespace', { metadata: { name } })
})

afterAll(async () => {
  await kube?.close()
  directory?.remove()
})

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = startNode([program, ...args])
  return { code: await child.exited, output: child.output() }
}

describe('the built program', () => {
  test('knows its version, and its commands beside the agent', async () => {
    const [version, why] = await Promise.all([
      run('--version'),
      run('why', 'shop', '--agent', 'http://127.0.0.1:1'),
    ])
    expect(version.output).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(why.code).toBe(1)
    expect(why.output).toMatch(/^binnacle: cannot .*127\.0\.0\.1:1/)
  })

  test('says what is wrong in a sentence', async () => {
    const file = join(directory.path, 'wrong.yaml')
    writeFileSync(file, 'namespaces: {exclude: ["("]}\nreceive: {grpcPrt: 1}\n')
    const { code, output } = await run('agent', '--config', file)
    expect(code).toBe(1)
    expect(output).toMatch(/^binnacle: .*receive\.grpcPrt/)
    expect(output).not.toContain('    at ')
  })

  test('collects by a rule of regular expressions, gets ready, shows its metrics and ends', async () => {
    const kubeconfig = join(directory.path, 'kubeconfig')
    writeFileSync(kubeconfig, kube.kubeconfig())
    const config = join(directory.path, 'agent.yaml')
    writeFileSync(
      config,
      [
        'namespaces: {include: ["sh.p"]}',
        'receive: {grpcPort: 0, httpPort: 0, stopPauseMs: 0}',
        'admin: {port: 0}',
        'service: {endpoint: "http://127.0.0.1:1"}',
        `spool: {directory: ${JSON.stringify(join(directory.path, 'spool'))}}`,
        'ship: {drainMs: 0}',
      ].join('\n'),
    )
    const agent = startNode([program, 'agent', '--kubeconfig', kubeconfig, '--config', config])
    try {
      const hint = { hint: agent.output }
      const port = await eventually('the agent runs', () => /"admin":(\d+)/.exec(agent.output())?.[1], hint)
      const get = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
      await eventually(
        'it is ready',
        async () => ((await get('/readyz')) === 'ok\n' ? true : undefined),
        hint,
      )
      expect(JSON.parse(await get('/status'))).toMatchObject({
        ready: true,
        namespaces: [{ namespace: 'shop', selected: true }],
      })
      expect(await get('/status/namespaces/sh%6Fp')).toContain('"selected":true')
      expect(await get('/status/nothing')).toBe('cannot find /status/nothing\n')
      const posted = await fetch(`http://127.0.0.1:${port}/livez`, { method: 'POST' })
      expect(posted.status).toBe(405)
      expect(await get('/metrics')).toMatch(/^binnacle_agent_kube_namespaces_selected(\{[^}]*\})? 1$/m)
      expect(await agent.kill('SIGTERM')).toBe(0)
    } finally {
      await agent.kill('SIGKILL')
    }
  })
})
