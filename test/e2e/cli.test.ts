import { writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { directoryProblem } from '../../collector/cli/preflight.ts'
import { startFakeKubeApi } from '../support/kube-api/server.ts'
import { freePort, startCli, startNode, type TempDirectory, tempDirectory } from '../support/processes.ts'

let directory: TempDirectory | undefined
const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done))
  directory?.remove()
  directory = undefined
})

async function takenPort(): Promise<number> {
  const port = await freePort()
  const server = createServer()
  servers.push(server)
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  return port
}

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = startCli(...args)
  return { code: await child.exited, output: child.output() }
}

describe('binnacle rules', () => {
  const rules = 'ingest: {rules: [{name: health, match: {operation: /GET .*healthz/}, action: drop}]}'
  const request = {
    resourceSpans: [
      {
        scopeSpans: [{ spans: [{ traceId: '1'.repeat(32), spanId: '2'.repeat(16), name: 'GET /healthz' }] }],
      },
    ],
  }
  const files = (yaml: string) => {
    directory = tempDirectory('cli')
    const [config, sent] = [join(directory.path, 'service.yaml'), join(directory.path, 'otlp.json')]
    writeFileSync(config, yaml)
    writeFileSync(sent, JSON.stringify(request))
    return { config, sent }
  }

  test('shows what the rules would do to a request', async () => {
    const { config, sent } = files(rules)
    const { code, output } = await run('rules', '--config', config, '--test', sent)
    expect(code).toBe(0)
    expect(output).toContain('traces: 1 received = 0 stored (they stand for 0) + 1 filtered')
    expect(output).toContain('1. span "GET /healthz" of unknown_service: filtered by health')
  })

  test('names the rule that cannot be used', async () => {
    const { config } = files(rules.replace('drop', 'drp'))
    const { code, output } = await run('rules', '--config', config)
    expect(code).toBe(1)
    expect(output).toContain('ingest.rules.0.action is not what it takes')
    expect(output).toContain('is called "health"')
  })
})

describe('what cannot work is one clear sentence and an exit code', () => {
  test('demo: a taken port', async () => {
    directory = tempDirectory('cli')
    const port = await takenPort()
    const free = ['--agent-port', '--otlp-grpc-port', '--otlp-http-port', '--app-port']
    const options = (await Promise.all(free.map(async (option) => [option, String(await freePort())]))).flat()
    const { code, output } = await run(
      'demo',
      '--data-dir',
      directory.path,
      '--port',
      String(port),
      ...options,
    )
    expect(code).toBe(1)
    expect(output).toBe(
      `Port ${port} (service and web UI) is in use: free it, or choose another with --port.\n`,
    )
  })

  test('demo: a port that its parts cannot be told of', async () => {
    const { code, output } = await run('demo', '--otlp-http-port', '0')
    expect(code).toBe(1)
    expect(output).toContain(
      "option '--otlp-http-port <port>' argument '0' is invalid. a port is a number from 1 to 65535",
    )
  })

  test('demo: a place that cannot be written', async () => {
    directory = tempDirectory('cli')
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    const ports = ['--port', '--agent-port', '--otlp-grpc-port', '--otlp-http-port', '--app-port']
    const options = (
      await Promise.all(ports.map(async (option) => [option, String(await freePort())]))
    ).flat()
    const { code, output } = await run('demo', '--data-dir', join(file, 'data'), ...options)
    expect(code).toBe(1)
    expect(output).toMatch(/^Cannot write to .*: ENOTDIR.*\n$/)
  })

  test('too little disk space is said with both figures', () => {
    directory = tempDirectory('cli')
    expect(directoryProblem(directory.path, 2 ** 60)).toMatch(
      /has \d+ MiB free and \d+ MiB are needed: free some space/,
    )
    expect(directoryProblem(directory.path, 1)).toBeUndefined()
  })

  test('serve: a taken port', async () => {
    directory = tempDirectory('cli')
    const port = await takenPort()
    const { code, output } = await run(
      'serve',
      '--listen',
      `127.0.0.1:${port}`,
      '--data-dir',
      directory.path,
      '--log-level',
      'silent',
    )
    expect(code).toBe(1)
    expect(output).toBe(`binnacle: cannot listen on 127.0.0.1:${port}: the port is in use\n`)
  })

  test('agent: no cluster to watch', async () => {
    directory = tempDirectory('cli')
    const { code, output } = await run(
      'agent',
      '--kubeconfig',
      join(directory.path, 'none'),
      '--spool-dir',
      directory.path,
    )
    expect(code).toBe(1)
    expect(output).toMatch(/^binnacle: cannot .*none/)
  })

  test('an unknown option names itself and points to the help', async () => {
    const { code, output } = await run('serve', '--prot', '1')
    expect(code).toBe(1)
    expect(output).toContain("unknown option '--prot'")
    expect(output).toContain('--help')
  })

  test('npm start: a Node that is too old', async () => {
    const old = `data:text/javascript,${encodeURIComponent(
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } })",
    )}`
    const child = startNode(['--import', old, 'collector/cli/bootstrap.mjs', 'demo'])
    expect(await child.exited).toBe(1)
    expect(child.output()).toBe(
      'Binnacle needs Node 20 or newer to install itself, and this is Node 18.20.0.\n',
    )
  })
})

test('an installed and built checkout runs a command at once, on the pinned Node', async () => {
  for (let run = 0; run < 2; run++) {
    const child = startNode(['collector/cli/bootstrap.mjs', 'binnacle', '--version'])
    expect({ code: await child.exited, output: child.output().trim().split('\n').at(-1) }).toEqual({
      code: 0,
      output: '0.1.0',
    })
  }
})

describe('binnacle why', () => {
  test('says whether a namespace is collected, which rule decides, and answers by exit code', async () => {
    directory = tempDirectory('cli')
    const kube = await startFakeKubeApi()
    const kubeconfig = join(directory.path, 'kubeconfig')
    writeFileSync(kubeconfig, kube.kubeconfig())
    kube.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } } })
    kube.create('Namespace', { metadata: { name: 'staging' } })
    try {
      const shop = await run('why', 'shop', '--kubeconfig', kubeconfig)
      expect(shop.code).toBe(0)
      expect(shop.output).toContain('shop is collected: label binnacle.dev/collect=enabled')
      const staging = await run('why', 'staging', '--kubeconfig', kubeconfig, '--json')
      expect(staging.code).toBe(3)
      expect(JSON.parse(staging.output)).toMatchObject({ namespace: 'staging', selected: false })
      const asked = createHttpServer((request, response) => {
        const of = request.url === '/status/namespaces/pay'
        const ladder = [
          {
            rule: 'remote namespaces.include',
            source: 'remote',
            matched: true,
            deciding: true,
            selects: true,
            detail: 'x',
          },
        ]
        response.end(JSON.stringify({ selected: of, reason: 'set in the UI', ladder }))
      })
      await new Promise<void>((listening) => asked.listen(0, '127.0.0.1', listening))
      const { port } = asked.address() as { port: number }
      const pay = await run('why', 'pay', '--agent', `http://127.0.0.1:${port}`)
      asked.close()
      expect(pay).toMatchObject({
        code: 0,
        output: expect.stringContaining('pay is collected: set in the UI'),
      })
      expect(pay.output).toMatch(/▶ remote namespaces\.include +from the UI +collect/)
      const missing = await run('why', 'nowhere', '--kubeconfig', kubeconfig)
      expect(missing).toMatchObject({
        code: 1,
        output: expect.stringContaining('cannot read namespace nowhere'),
      })
    } finally {
      await kube.close()
    }
  })
})
