import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseAgentConfig } from '../../../collector/agent/config.ts'
import { parseServiceConfig } from '../../../collector/service/config.ts'
import { chartNodeOptions } from '../../support/chart-heap.ts'

const charts = resolve(import.meta.dirname, '../../../charts')
const hasHelm = spawnSync('helm', ['version']).status === 0
const withHelm = test.skipIf(!hasHelm)

interface Manifest {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Record<string, string>
  }
  readonly rules?: { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] }[]
  readonly data?: Record<string, string>
  readonly spec?: {
    readonly template?: { readonly spec: PodSpec }
  }
}
interface PodSpec {
  readonly securityContext: Record<string, unknown>
  readonly containers: {
    readonly securityContext: Record<string, unknown>
    readonly resources: { limits: object }
  }[]
}

function helm(...args: string[]): { readonly status: number; readonly output: string } {
  const result = spawnSync('helm', [...args, '--kube-version', '1.31.0'], { encoding: 'utf8' })
  return { status: result.status ?? 1, output: `${result.stdout}${result.stderr}` }
}

function render(chart: string, ...sets: string[]): Manifest[] {
  const { status, output } = helm(
    'template',
    'test',
    `${charts}/${chart}`,
    ...sets.flatMap((set) => ['--set', set]),
  )
  if (status !== 0) throw new Error(output)
  return parseAllDocuments(output)
    .map((document) => {
      expect(document.errors).toEqual([])
      return document.toJS() as Manifest | null
    })
    .filter((manifest) => manifest !== null)
}

const configOf = (chart: string, file: string, ...sets: string[]) => ({
  yaml: {
    name: file,
    text: render(chart, ...sets).find(({ kind }) => kind === 'ConfigMap')?.data?.[file] ?? '',
  },
})
const kinds = (manifests: Manifest[]) => manifests.map(({ kind }) => kind).sort()
const namespaced = ['watch.mode=namespaced', 'cluster.id=c-1', 'watch.namespaces={shop,payments}']

describe.each(['binnacle-agent', 'binnacle'])('chart %s', (chart) => {
  withHelm('lints', () => {
    expect(helm('lint', `${charts}/${chart}`).output).toContain('0 chart(s) failed')
  })

  withHelm('meets the Pod Security Standard "restricted" and sets no CPU limit', () => {
    const pods = render(chart).flatMap(({ spec }) => (spec?.template ? [spec.template.spec] : []))
    expect(pods).toHaveLength(1)
    for (const pod of pods) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      for (const container of pod.containers) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(container.resources.limits).not.toHaveProperty('cpu')
      }
    }
  })

  test('every question asks for a value that exists, with a type Rancher knows', () => {
    const values = parse(readFileSync(`${charts}/${chart}/values.yaml`, 'utf8')) as Record<string, unknown>
    const { questions } = parse(readFileSync(`${charts}/${chart}/questions.yaml`, 'utf8')) as {
      questions: { variable: string; type: string; subquestions?: { variable: string; type: string }[] }[]
    }
    const known = /^(string|hostname|password|boolean|enum|int|secret|storageclass|array\[string\])$/
    for (const { variable, type } of questions.flatMap((question) => [
      question,
      ...(question.subquestions ?? []),
    ])) {
      const at = variable
        .split('.')
        .reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], values)
      expect(at, `${variable} in values.yaml`).toBeDefined()
      expect(type).toMatch(known)
    }
  })
})

describe('configuration files', () => {
  withHelm('the agent accepts what its chart writes', () => {
    const config = parseAgentConfig(
      configOf('binnacle-agent', 'agent.yaml', 'namespaces.include={shop-.*}', 'cluster.name=c1'),
    )
    expect(config).toMatchObject({
      cluster: { name: 'c1' },
      namespaces: { include: ['shop-.*'], default: 'off' },
      receive: { host: '0.0.0.0' },
    })
  })

  withHelm('the service accepts what its chart writes', () => {
    const config = parseServiceConfig(
      configOf('binnacle', 'service.yaml', 'clickhouse.url=http://db:8123', 'notice=hello'),
    )
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
      JSON.stringify(
        render('binnacle', `otlp.${name}.enabled=${value}`).filter(({ kind }) => kind !== 'ConfigMap'),
      )
    expect(manifests('true')).toContain(`"containerPort":${port}`)
    expect(manifests('false')).not.toContain(String(port))
  })

  withHelm('ingest rules and the key of their hashes reach the service', () => {
    const rule = ['ingest.rules[0].name=health', 'ingest.rules[0].action=drop']
    const match = 'ingest.rules[0].match.attributes.http\\.route=/.*healthz?/'
    const config = parseServiceConfig(configOf('binnacle', 'service.yaml', ...rule, match))
    expect(config.ingest.rules).toEqual([
      { name: 'health', match: { attributes: { 'http.route': '/.*healthz?/' } }, action: 'drop' },
    ])
    const manifests = JSON.stringify(render('binnacle', 'ingest.hashKeySecret.name=hashes'))
    expect(manifests).toContain('hashKeyFile: /etc/binnacle/hash/hash-key')
    expect(manifests).toContain('"secretName":"hashes"')
  })
})

describe('chart binnacle-agent', () => {
  test.each([
    ['64Mi', '--max-old-space-size=32 --max-semi-space-size=1'],
    ['128Mi', '--max-old-space-size=68 --max-semi-space-size=2'],
    ['256Mi', '--max-old-space-size=160 --max-semi-space-size=4'],
    ['1Gi', '--max-old-space-size=708 --max-semi-space-size=4'],
  ])("Node's heap follows from a memory limit of %s", (limit, options) => {
    expect(chartNodeOptions(limit)).toBe(options)
    if (hasHelm)
      expect(JSON.stringify(render('binnacle-agent', `resources.limits.memory=${limit}`))).toContain(options)
  })

  withHelm.each([
    ['0.5Gi', '--max-old-space-size=342 '],
    ['512M', '--max-old-space-size=325 '],
    ['268435456', '--max-old-space-size=160 '],
    ['null', '--max-old-space-size=160 '],
  ])('a memory limit of %s is read', (limit, options) => {
    expect(JSON.stringify(render('binnacle-agent', `resources.limits.memory=${limit}`))).toContain(options)
  })

  withHelm('mode state has no port, no Service and no rule for OTLP', () => {
    const sets = ['networkPolicy.enabled=true', 'receive.tlsSecret.name=in']
    const full = JSON.stringify(render('binnacle-agent', ...sets))
    const state = JSON.stringify(render('binnacle-agent', 'mode=state', ...sets))
    for (const trace of ['otlp', '4317', '4318', '/etc/binnacle/receive']) {
      expect(full).toContain(trace)
      expect(state).not.toContain(trace)
    }
    expect(parseAgentConfig(configOf('binnacle-agent', 'agent.yaml', 'mode=state'))).toMatchObject({
      mode: 'state',
      sampling: { enabled: false },
    })
  })

  withHelm('several replicas that sample find each other by a headless Service', () => {
    const sets = ['sampling.enabled=true', 'replicas=2']
    const manifests = render(
      'binnacle-agent',
      ...sets,
      'receive.tlsSecret.name=in',
      'sampling.replicasCaKey=ca.crt',
    )
    const services = manifests.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name)
    expect(services).toEqual(['test-binnacle-agent', 'test-binnacle-agent-replicas'])
    const address = 'test-binnacle-agent-replicas.default.svc:4318'
    const config = parseAgentConfig({
      ...configOf('binnacle-agent', 'agent.yaml', ...sets),
      env: { BINNACLE_SAMPLING_REPLICAS_OWN_ADDRESS: '10.0.0.9' },
    })
    expect(config.sampling).toMatchObject({
      enabled: true,
      replicas: { address, ownAddress: '10.0.0.9', caFile: '' },
    })
    expect(JSON.stringify(manifests)).toContain('"name":"BINNACLE_SAMPLING_REPLICAS_OWN_ADDRESS"')
    expect(JSON.stringify(manifests)).toContain('caFile: /etc/binnacle/receive/ca.crt')
    const alone = render('binnacle-agent', 'sampling.enabled=true')
    expect(kinds(alone).filter((kind) => kind === 'Service')).toHaveLength(1)
  })

  withHelm('renders a Deployment with cluster rights by default', () => {
    expect(kinds(render('binnacle-agent'))).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'Deployment',
      'Service',
      'ServiceAccount',
    ])
  })

  withHelm('renders a Role in each listed namespace and no cluster rights in namespaced mode', () => {
    const manifests = render('binnacle-agent', ...namespaced)
    expect(kinds(manifests).filter((kind) => kind.startsWith('Cluster'))).toEqual([])
    const roles = manifests.filter(({ kind }) => kind === 'Role')
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['shop', 'payments'])
  })

  withHelm(
    'several replicas elect a leader by a Lease of their own, are spread and not all evicted at once',
    () => {
      const one = render('binnacle-agent')
      expect(JSON.stringify(one)).not.toContain('coordination.k8s.io')
      const many = render('binnacle-agent', 'replicas=3')
      expect(kinds(many)).toEqual([...kinds(one), 'PodDisruptionBudget', 'Role', 'RoleBinding'].sort())
      const config = (set: string) => parseAgentConfig(configOf('binnacle-agent', 'agent.yaml', set))
      expect(config('replicas=1').leaderElection.enabled).toBe(false)
      const { enabled, namespace, name } = config('replicas=3').leaderElection
      expect(enabled).toBe(true)
      const role = many.find(({ kind, metadata }) => kind === 'Role' && metadata.namespace === namespace)
      expect(role?.rules).toEqual([
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          resourceNames: [name],
          verbs: ['get', 'update'],
        },
      ])
      expect(JSON.stringify(many)).toContain('topologySpreadConstraints')
    },
  )

  withHelm('certificates in Secrets are files that the agent reads', () => {
    const secrets = [
      'service.caSecret.name=ca',
      'service.clientCertificateSecret.name=own',
      'receive.tlsSecret.name=in',
    ]
    const { service, receive } = parseAgentConfig(configOf('binnacle-agent', 'agent.yaml', ...secrets))
    const manifests = JSON.stringify(render('binnacle-agent', ...secrets))
    for (const file of [
      service.caFile,
      service.certFile,
      service.keyFile,
      receive.tls.certFile,
      receive.tls.keyFile,
    ])
      expect(manifests).toContain(`"mountPath":"${file.slice(0, file.lastIndexOf('/'))}"`)
  })

  withHelm('keeps the spool on a volume claim when asked to', () => {
    expect(kinds(render('binnacle-agent', 'persistence.enabled=true'))).toContain('StatefulSet')
  })

  withHelm.each([[[] as string[]], [namespaced]])(
    'asks only to read, and never for Secrets, exec or nodes/proxy (%j)',
    (sets) => {
      const rules = render('binnacle-agent', ...sets).flatMap((manifest) => manifest.rules ?? [])
      expect(rules.length).toBeGreaterThan(0)
      for (const rule of rules) {
        expect(rule.verbs.every((verb) => ['get', 'list', 'watch'].includes(verb))).toBe(true)
        for (const resource of ['secrets', 'configmaps', 'pods/exec', 'nodes/proxy', '*']) {
          expect(rule.resources).not.toContain(resource)
        }
      }
    },
  )

  withHelm.each([
    ['service.endpoint=<YOUR URL>', 'service'],
    ['namespaces.default=maybe', 'namespaces'],
    ['receive.httpPort=70000', 'httpPort'],
    ['watch.mode=namespaced', 'watch.namespaces must list at least one namespace'],
    ['namespaces.includ={x}', 'includ'],
    ['mode=half', 'mode'],
    ['mode=state,sampling.enabled=true', 'sampling.enabled needs mode: full'],
    ['resources.limits.memory=32Mi', 'must be at least 64Mi'],
    ['resources.limits.memory=much', 'no quantity that can be read: much'],
  ])('refuses %s and names it', (set, message) => {
    const { status, output } = helm('template', 'test', `${charts}/binnacle-agent`, '--set', set)
    expect(status).not.toBe(0)
    expect(output).toContain(message)
  })
})

describe('chart binnacle', () => {
  withHelm(
    'runs the embedded engine on a volume by default and a Deployment on an external ClickHouse',
    () => {
      expect(kinds(render('binnacle'))).toContain('StatefulSet')
      const external = render('binnacle', 'clickhouse.url=http://clickhouse:8123', 'replicas=3')
      expect(kinds(external)).toContain('Deployment')
    },
  )

  withHelm('ships the dashboards of dashboards/grafana as ConfigMaps for the sidecar when asked to', () => {
    const shipped = render('binnacle', 'grafana.dashboards.enabled=true').filter(
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
    const { status, output } = helm('template', 'test', `${charts}/binnacle`, '--set', 'replicas=2')
    expect(status).not.toBe(0)
    expect(output).toContain('set clickhouse.url to scale out')
  })
})
