import { globSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseServiceConfig } from '../../../collector/service/config.ts'
import { configFile, hasHelm, podSpecs, render as renderChart } from '../../support/helm.ts'
import { root } from '../../support/processes.ts'

const charts = resolve(import.meta.dirname, '../../../charts')
const withHelm = test.skipIf(!hasHelm)
const render = (...sets: string[]) => renderChart('binnacle', { sets })
const kinds = (...sets: string[]) => render(...sets).map(({ kind }) => kind)
const configOf = (...sets: string[]) => configFile(render(...sets), 'service.yaml')

describe('configuration files', () => {
  withHelm('the service accepts what its chart writes', () => {
    const config = parseServiceConfig(configOf('clickhouse.url=http://db:8123', 'notice=hello'))
    expect(config).toMatchObject({
      clickhouse: { url: 'http://db:8123', database: 'binnacle' },
      notice: 'hello',
      listen: { port: 8420 },
      otlp: { http: { enabled: true, port: 4318 }, grpc: { enabled: true, port: 4317 } },
      ingest: { rules: [], hashKey: '' },
    })
  })

  withHelm.for([
    ['http', 4318],
    ['grpc', 4317],
  ] as const)('the port for OTLP over %s is in no manifest when it is switched off', ([name, port]) => {
    const manifests = (value: string) =>
      JSON.stringify(render(`otlp.${name}.enabled=${value}`).filter(({ kind }) => kind !== 'ConfigMap'))
    expect(manifests('true')).toContain(`"containerPort":${port}`)
    expect(manifests('false')).not.toContain(String(port))
  })

  withHelm('ingest rules and the key of their hashes reach the service', () => {
    const rule = ['ingest.rules[0].name=health', 'ingest.rules[0].action=drop']
    const match = 'ingest.rules[0].match.attributes.http\\.route=/.*healthz?/'
    const config = parseServiceConfig(configOf(...rule, match))
    expect(config.ingest.rules).toEqual([
      { name: 'health', match: { attributes: { 'http.route': '/.*healthz?/' } }, action: 'drop' },
    ])
    const manifests = JSON.stringify(render('ingest.hashKeySecret.name=hashes'))
    expect(manifests).toContain('hashKeyFile: /etc/binnacle/hash/hash-key')
    expect(manifests).toContain('"secretName":"hashes"')
  })
})

describe('chart binnacle', () => {
  withHelm(
    'runs the embedded engine on a volume by default and a Deployment on an external ClickHouse',
    () => {
      expect(kinds()).toContain('StatefulSet')
      const external = kinds('clickhouse.url=http://clickhouse:8123', 'replicas=3')
      expect(external).toContain('Deployment')
    },
  )

  withHelm('ships the dashboards of dashboards/grafana as ConfigMaps for the sidecar when asked to', () => {
    const shipped = render('grafana.dashboards.enabled=true').filter(
      ({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1',
    )
    const files = readdirSync(resolve(charts, '../dashboards/grafana/json'))
    expect(shipped.flatMap(({ data }) => Object.keys(data ?? {})).sort()).toEqual(files.sort())
    for (const { data = {} } of shipped) {
      for (const [file, text] of Object.entries(data)) {
        expect(text).toBe(readFileSync(resolve(charts, '../dashboards/grafana/json', file), 'utf8'))
      }
    }
  })

  withHelm('the image of the embedded engine is another one, unless a tag is set', () => {
    const imageOf = (...sets: string[]) => podSpecs(render(...sets))[0]?.containers[0]?.image
    const { appVersion } = parse(readFileSync(resolve(charts, 'binnacle/Chart.yaml'), 'utf8')) as {
      appVersion: string
    }
    expect(imageOf()).toBe(`binnacle/binnacle:${appVersion}-embedded`)
    expect(imageOf('clickhouse.url=http://db:8123')).toBe(`binnacle/binnacle:${appVersion}`)
    expect(imageOf('image.tag=mine')).toBe('binnacle/binnacle:mine')
    expect(imageOf('global.cattle.systemDefaultRegistry=registry.example.com')).toMatch(
      /^registry\.example\.com\/binnacle\//,
    )
  })

  withHelm.for([
    ['4Gi', '', 1152, 384],
    ['2Gi', '', 384, 128],
    ['16Gi', '', 4608, 1024],
    ['4Gi', 'http://db:8123', 1536, 512],
    ['512Mi', 'http://db:8123', 192, 64],
  ] as const)(
    'of %s (ClickHouse: "%s") the heap gets %d MiB, and %d MiB each may wait',
    ([limit, url, heap, waiting]) => {
      const sets = [`resources.limits.memory=${limit}`, `clickhouse.url=${url}`]
      expect(podSpecs(render(...sets))[0]?.containers[0]?.env).toEqual([
        { name: 'NODE_OPTIONS', value: `--max-old-space-size=${heap}` },
      ])
      const { ingest } = parseServiceConfig(configOf(...sets))
      expect([ingest.bytesWaitingMax, ingest.inFlightBytesMax]).toEqual([
        waiting * 2 ** 20,
        waiting * 2 ** 20,
      ])
    },
  )

  withHelm('the service and its jobs accept what they are told of a cluster', () => {
    const manifests = renderChart('binnacle', { files: ['binnacle/examples/cluster.yaml'] })
    const files = manifests.flatMap(({ kind, data }) =>
      kind === 'ConfigMap' ? (data?.['service.yaml'] ?? []) : [],
    )
    expect(files).toHaveLength(2)
    for (const text of files) {
      const withoutSecret = text.replace(/^ *passwordFile:.*$/m, '')
      expect(
        parseServiceConfig({ yaml: { name: 'service.yaml', text: withoutSecret } }).clickhouse,
      ).toMatchObject({
        cluster: 'main',
        insertQuorum: 2,
      })
    }
  })

  withHelm('the alerting rules ask for metrics that the service has', () => {
    const rules = JSON.stringify(
      renderChart('binnacle', { apiVersions: ['monitoring.coreos.com/v1'] }).filter(
        ({ kind }) => kind === 'PrometheusRule',
      ),
    )
    const names = [...rules.matchAll(/\bbinnacle_service_([a-z_]+?)(?:_total)?\{/g)].map(
      ([, name = '']) => name,
    )
    expect(names.length).toBeGreaterThan(4)
    const sources = globSync('collector/service/**/*.ts', { cwd: root }).map((file) =>
      readFileSync(resolve(root, file), 'utf8'),
    )
    for (const name of names) {
      // The ledger's are made of their outcome.
      const text = name.replace(/^ingest_items_(\w+)$/, "items('$1'")
      expect(
        sources.some((source) => source.includes(text.startsWith('items(') ? text : `'${text}'`)),
        name,
      ).toBe(true)
    }
    expect(JSON.stringify(render())).not.toContain('monitoring.coreos.com')
  })

  withHelm("only the release's own pods reach the bundled ClickHouse, by its password", () => {
    const manifests = renderChart('binnacle', { files: ['binnacle/examples/bundled.yaml'] })
    const policy = manifests.find(
      ({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.endsWith('-clickhouse'),
    )
    expect(policy?.spec?.['ingress']).toEqual([
      {
        ports: [{ port: 'http' }],
        from: [
          {
            podSelector: {
              matchLabels: { 'app.kubernetes.io/name': 'binnacle', 'app.kubernetes.io/instance': 'test' },
            },
          },
        ],
      },
    ])
    const server = manifests.find(({ data }) => data?.['users.xml'])
    expect(server?.data?.['users.xml']).toContain('<password from_env="CLICKHOUSE_PASSWORD"/>')
    expect(server?.data?.['server.xml']).toContain('event_date + INTERVAL 3 DAY DELETE')
  })
})
