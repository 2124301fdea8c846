import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseServiceConfig } from '../../../collector/service/config.ts'
import { configFile, hasHelm, render as renderChart, template } from '../../support/helm.ts'

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

  withHelm('refuses several replicas on the embedded engine', () => {
    const { status, output } = template('binnacle', { sets: ['replicas=2'] })
    expect(status).not.toBe(0)
    expect(output).toContain('set clickhouse.url to scale out')
  })
})
