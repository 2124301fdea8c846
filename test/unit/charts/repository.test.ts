import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { buildRepository } from '../../../charts/repository/build.ts'
import { chartsFolder, hasHelm, helm, template } from '../../support/helm.ts'
import { type TempDirectory, tempDirectory } from '../../support/processes.ts'

/** `npm run charts`: the repository that Helm and Rancher add. */
let directory: TempDirectory
let out: string
const timeSeconds = 1_700_000_000

beforeAll(() => {
  directory = tempDirectory('charts')
  out = join(directory.path, 'one')
  buildRepository({ out, timeSeconds, url: 'https://charts.example/' })
})
afterAll(() => directory.remove())

const files = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort()
const packageOf = (chart: string) => join(out, `assets/${chart}/${chart}-0.1.0.tgz`)

test('of the same charts it is the same, byte for byte', () => {
  const again = join(directory.path, 'two')
  buildRepository({ out: again, timeSeconds, url: 'https://charts.example/' })
  expect(files(again)).toEqual(files(out))
  for (const file of files(out))
    expect(readFileSync(join(again, file)).equals(readFileSync(join(out, file)))).toBe(true)
})

test('has what Rancher looks for: packages, a logo, charts by version, the overlay of partner-charts', () => {
  expect(files(out)).toEqual(
    expect.arrayContaining([
      'index.yaml',
      'assets/binnacle-agent/binnacle-agent-0.1.0.tgz',
      'assets/logos/binnacle.svg',
      'charts/binnacle-agent/0.1.0/questions.yaml',
      'packages/binnacle/binnacle-agent/overlay/app-readme.md',
      'packages/binnacle/binnacle-agent/overlay/questions.yaml',
    ]),
  )
  expect(
    parse(readFileSync(join(out, 'packages/binnacle/binnacle-agent/upstream.yaml'), 'utf8')),
  ).toMatchObject({
    HelmRepo: 'https://charts.example/',
    HelmChart: 'binnacle-agent',
    Vendor: 'Binnacle',
    DisplayName: 'Binnacle Cluster Agent',
    ChartMetadata: { kubeVersion: expect.stringMatching(/-0$/) },
  })
})

test('a version that is there stays, and is never replaced by another one of its name', () => {
  const index = join(out, 'index.yaml')
  const text = readFileSync(index, 'utf8')
  writeFileSync(index, text.replaceAll('version: 0.1.0', 'version: 0.0.9'))
  buildRepository({ out, timeSeconds })
  const { entries } = parse(readFileSync(index, 'utf8')) as { entries: Record<string, { version: string }[]> }
  expect(entries['binnacle-agent']?.map(({ version }) => version)).toEqual(['0.1.0', '0.0.9'])
  expect(() => buildRepository({ out, timeSeconds: timeSeconds + 1 })).toThrow(
    'cannot publish binnacle 0.1.0: it is there with other contents; raise version in its Chart.yaml',
  )
  writeFileSync(index, text)
})

test.skipIf(!hasHelm)('Helm reads a package as the chart that it was made of', () => {
  const values = { files: ['binnacle-agent/examples/minimal.yaml'] }
  expect(template(packageOf('binnacle-agent'), values)).toEqual(template('binnacle-agent', values))
  for (const chart of ['binnacle', 'binnacle-agent'])
    expect(helm('lint', '--kube-version', '1.31.0', '--strict', packageOf(chart)).output).toContain(
      '0 chart(s) failed',
    )
})

test.skipIf(!hasHelm)('Helm pulls a chart by the index, over HTTP, and finds the digest right', async () => {
  const relative = join(directory.path, 'relative')
  buildRepository({ out: relative, timeSeconds })
  const server = createServer((request, response) =>
    response.end(readFileSync(join(relative, request.url ?? ''))),
  )
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const repository = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const home = {
    HELM_CACHE_HOME: directory.path,
    HELM_CONFIG_HOME: directory.path,
    HELM_DATA_HOME: directory.path,
  }
  await promisify(execFile)('helm', ['pull', 'binnacle-agent', '--repo', repository], {
    cwd: directory.path,
    env: { ...process.env, ...home },
  })
  server.close()
  const pulled = readFileSync(join(directory.path, 'binnacle-agent-0.1.0.tgz'))
  expect(pulled.equals(readFileSync(packageOf('binnacle-agent')))).toBe(true)
})

test('the annotations of both charts are those that Rancher knows', () => {
  const known = new Set(
    'certified namespace release-name display-name auto-install auto-install-gvr provides-gvr requires-gvr requests-cpu requests-memory os permits-os kube-version rancher-version upstream-version type featured hidden experimental deprecated prime-only scope ui-component ui-color'.split(
      ' ',
    ),
  )
  for (const chart of ['binnacle', 'binnacle-agent']) {
    const { annotations, kubeVersion } = parse(
      readFileSync(join(chartsFolder, chart, 'Chart.yaml'), 'utf8'),
    ) as { annotations: Record<string, string>; kubeVersion: string }
    const cattle = Object.keys(annotations).filter((name) => name.startsWith('catalog.cattle.io/'))
    expect(cattle.filter((name) => !known.has(name.slice('catalog.cattle.io/'.length)))).toEqual([])
    for (const name of ['display-name', 'namespace', 'release-name', 'type', 'os', 'requests-memory'])
      expect(annotations).toHaveProperty([`catalog.cattle.io/${name}`])
    const { resources } = parse(readFileSync(join(chartsFolder, chart, 'values.yaml'), 'utf8')) as {
      resources: { requests: { cpu: string; memory: string } }
    }
    expect(annotations).toMatchObject({
      'catalog.cattle.io/requests-cpu': resources.requests.cpu,
      'catalog.cattle.io/requests-memory': resources.requests.memory,
    })
    // Without the suffix a version such as v1.31.4-gke.100 is older than 1.31.
    expect(kubeVersion).toMatch(/-0$/)
  }
})
