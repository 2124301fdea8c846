import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadAgentConfig, parseAgentConfig, redactedYaml } from '../../../collector/agent/config.ts'

const directory = join(import.meta.dirname, 'config')
const files = (kind: 'good' | 'bad') =>
  readdirSync(directory).filter((name) => name.endsWith(`.${kind}.yaml`))

describe('the agent configuration', () => {
  test.each(files('good'))('%s is read; secrets do not show', async (name) => {
    const config = loadAgentConfig({ file: join(directory, name) })
    await expect(redactedYaml(config, { include: [], exclude: [] })).toMatchFileSnapshot(
      join(directory, name.replace('.good.', '.golden.')),
    )
  })

  test.each(files('bad'))('%s is refused in one sentence', (name) => {
    const file = join(directory, name)
    const want = /^# error: (.*)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 'no error stated'
    expect(() => loadAgentConfig({ file })).toThrow(want)
    expect(() => loadAgentConfig({ file })).toThrow(file)
  })

  test('later sources win: OTEL_*, file, BINNACLE_*, options', () => {
    const yaml = {
      text: 'ship: {timeoutMs: 2000}\nlog: {level: warn}\ncluster: {name: file}',
      name: 'x.yaml',
    }
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318',
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_LOG_LEVEL: 'DEBUG',
      BINNACLE_LOG_LEVEL: 'error',
      BINNACLE_CLUSTER_NAME: 'env',
      BINNACLE_SHIP_IN_FLIGHT_MAX: '2',
      BINNACLE_SCRAPE_ENABLED: 'false',
      BINNACLE_SAMPLING_RATIO: '0.25',
      BINNACLE_NAMESPACES_INCLUDE: 'shop, pay',
    }
    const config = parseAgentConfig({
      yaml,
      env,
      overrides: { 'cluster.name': 'option', 'admin.port': undefined },
    })
    expect(config).toMatchObject({
      service: { endpoint: 'http://otel:4318' },
      ship: { timeoutMs: 2000, inFlightMax: 2 },
      log: { level: 'error' },
      cluster: { name: 'option' },
      admin: { port: 8421 },
      scrape: { enabled: false },
      sampling: { ratio: 0.25 },
      namespaces: { include: ['shop', 'pay'] },
    })
  })

  test.each([
    ['BINNACLE_RECEIVE_GRPC_PORT', 'many', 'receive.grpcPort must be integer'],
    ['BINNACLE_SCRAPE_ENABLED', 'yes', 'scrape.enabled must be boolean'],
    ['BINNACLE_SAMPLING_RATIO', 'half', 'sampling.ratio must be number'],
  ])('a bad %s is refused', (name, value, want) => {
    expect(() => parseAgentConfig({ env: { [name]: value } })).toThrow(want)
  })

  test('it is frozen, down to the leaves', () => {
    const config = parseAgentConfig({})
    expect(Object.isFrozen(config.namespaces.include)).toBe(true)
  })

  test('text that is no YAML is refused', () => {
    const yaml = { text: 'receive: [', name: 'x.yaml' }
    expect(() => parseAgentConfig({ yaml })).toThrow(/^cannot read the agent configuration x.yaml: /)
  })

  test('a file that is not there is one sentence', () => {
    expect(() => loadAgentConfig({ file: '/nowhere/agent.yaml' })).toThrow(
      /^cannot read the agent configuration \/nowhere\/agent.yaml: ENOENT/,
    )
  })
})
