import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assemble } from '../../image/assemble.ts'
import { layout as slim } from '../../image/binnacle.ts'
import { layout as embedded } from '../../image/binnacle-embedded.ts'
import { type AssembledImage, assembleImage, canChroot } from '../support/image.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'
import { eventually, root, startNode, type TempDirectory, tempDirectory } from '../support/processes.ts'

let directory: TempDirectory
let images: { readonly slim: AssembledImage; readonly embedded: AssembledImage }

beforeAll(async () => {
  directory = tempDirectory('image')
  expect(await startNode(['collector/cli/build.ts']).exited).toBe(0)
  const at = (name: string) => join(directory.path, name)
  images = { slim: assembleImage(slim, at('slim')), embedded: assembleImage(embedded, at('embedded')) }
})
afterAll(() => directory?.remove())

const filesOf = (name: string) =>
  readdirSync(join(directory.path, name), { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(directory.path, name, path)).isFile(),
  )

describe('the file system of the images', () => {
  test('the Dockerfile copies all that is assembled, and nothing else', () => {
    const dockerfile = readFileSync(join(root, 'image/Dockerfile'), 'utf8')
    const copied = [...dockerfile.matchAll(/^COPY --from=build \/image\/(\S+?)\/ \/(\S+?)\/$/gm)]
    expect(copied.map(([, from]) => from)).toEqual(copied.map(([, , to]) => to))
    const covers = (path: string) => copied.some(([, from]) => path.startsWith(`${from}/`))
    // The rest is the base's, which this test has put there.
    const ours = filesOf('slim').filter((path) => !/^(lib|lib64|usr\/lib|etc|proc|dev)\//.test(path))
    expect(ours.filter((path) => !covers(path))).toEqual([])
    for (const [, from = ''] of copied) expect(ours.some((path) => path.startsWith(`${from}/`))).toBe(true)
  })

  test.skipIf(process.arch !== 'x64')(
    'an image of another processor is not made of the packages of this one',
    () => {
      const out = join(directory.path, 'arm64')
      expect(() => assemble(embedded, { out, arch: 'arm64' })).toThrow(/^cannot put .*arm64.* into the image/)
    },
  )

  test('the slim one has no engine; neither has a shell, a test, a compiler or more than its budget', () => {
    const mebibytes = (name: string) =>
      filesOf(name).reduce((sum, path) => sum + statSync(join(directory.path, name, path)).size, 0) /
      1024 ** 2
    expect(filesOf('slim').filter((path) => path.includes('chdb'))).toEqual([])
    expect(filesOf('embedded').filter((path) => path.endsWith('libchdb.so'))).toHaveLength(1)
    for (const name of ['slim', 'embedded']) {
      const unwanted =
        /(^|\/)(bin\/(sh|bash|npm|npx|busybox)|\.env|\.npmrc|.*\.test\.ts)$|node_modules\/(typescript|esbuild|vitest)\//
      expect(filesOf(name).filter((path) => unwanted.test(path))).toEqual([])
    }
    expect(mebibytes('slim')).toBeLessThan(240)
    expect(mebibytes('embedded')).toBeLessThan(800)
  })
})

describe.skipIf(!canChroot)(
  'programs started from the images: nothing else in sight, read-only, uid 65532',
  () => {
    let kube: FakeKubeApi
    beforeAll(async () => {
      kube = await startFakeKubeApi()
      for (const name of ['kube-system', 'shop']) kube.create('Namespace', { metadata: { name } })
    })
    afterAll(() => kube?.close())

    const service = (image: AssembledImage, ...args: string[]) =>
      image.start(
        ['serve', '--listen', '127.0.0.1:0', '--otlp-grpc-port', '0', '--otlp-http-port', '0', ...args],
        { writable: ['/tmp', '/var/lib/binnacle'] },
      )

    test('an agent tells a service on its embedded engine of its cluster, and a second service reads it as a server', async () => {
      const first = service(images.embedded, '--data-dir', '/var/lib/binnacle')
      const running = [first]
      try {
        const readyUrl = (process: typeof first) =>
          eventually(
            'a service is ready',
            async () => {
              const url = /"url":"([^"]+)".*the service is ready/.exec(process.output())?.[1]
              if (url && (await fetch(`${url}/readyz`)).ok) return url
              return undefined
            },
            { hint: process.output, withinMs: 60_000 },
          )
        const url = await readyUrl(first)
        expect(await (await fetch(url)).text()).toContain('<html')

        const files = join(directory.path, 'files')
        mkdirSync(files)
        writeFileSync(join(files, 'kubeconfig'), kube.kubeconfig())
        writeFileSync(
          join(files, 'agent.yaml'),
          [
            'cluster: {name: from-image}',
            'namespaces: {include: [shop]}',
            'receive: {grpcPort: 0, httpPort: 0, stopPauseMs: 0}',
            'admin: {port: 0}',
            `service: {endpoint: "${url}"}`,
            'spool: {directory: /var/lib/binnacle}',
          ].join('\n'),
        )
        const mounts = {
          writable: ['/tmp', '/var/lib/binnacle'],
          readOnly: {
            '/etc/kubeconfig': join(files, 'kubeconfig'),
            '/etc/binnacle/agent.yaml': join(files, 'agent.yaml'),
          },
        }
        const args = ['agent', '--kubeconfig', '/etc/kubeconfig', '--config', '/etc/binnacle/agent.yaml']
        const agent = images.slim.start(args, mounts)
        running.push(agent)
        const hint = { hint: agent.output }
        const port = await eventually('the agent runs', () => /"admin":(\d+)/.exec(agent.output())?.[1], hint)
        await eventually(
          'the agent is ready',
          async () => ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok ? true : undefined),
          hint,
        )

        const engine = /"clickhouse":"(http[^"]+)"/.exec(first.output())?.[1] ?? ''
        const second = service(images.slim, '--clickhouse-url', engine)
        running.push(second)
        const secondUrl = await readyUrl(second)
        await eventually(
          'the cluster is there',
          async () =>
            JSON.stringify(await (await fetch(`${secondUrl}/api/v1/clusters`)).json()).includes(
              'from-image',
            ) || undefined,
          { hint: agent.output },
        )
        expect(await agent.kill('SIGTERM')).toBe(0)
        expect(await second.kill('SIGTERM')).toBe(0)
        expect(await first.kill('SIGTERM')).toBe(0)
      } finally {
        for (const process of running) await process.kill('SIGKILL')
      }
    })

    test.each([
      [['webhook', '--config', '/missing.yaml'], /cannot read .*\/missing\.yaml/],
      [['backup'], /expected one of --disk and --s3/],
      [['why', 'shop', '--agent', 'http://127.0.0.1:1'], /cannot .*127\.0\.0\.1:1/],
      [['rules'], /./],
      [['doctor', '--only', 'node'], /^1\. ok {4}Node: version 26/],
      [['demo'], /source checkout/],
    ] as const)('the slim one has what "%s" needs', async (args, says) => {
      const child = images.slim.start(args, { writable: ['/tmp'] })
      await child.exited
      expect(child.output()).toMatch(says)
      expect(child.output()).not.toMatch(/Cannot find|ERR_/)
    })

    test('the slim one says what it lacks when it is to run the engine', async () => {
      const child = service(images.slim, '--data-dir', '/var/lib/binnacle')
      expect(await child.exited).toBe(1)
      expect(child.output()).toMatch(
        /^binnacle: cannot start the embedded ClickHouse: .*no embedded engine.*set clickhouse\.url/m,
      )
    })
  },
)
