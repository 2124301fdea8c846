import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parseAgentConfig } from '../../../collector/agent/config.ts'
import { chartNodeOptions } from '../../support/chart-heap.ts'
import { configFile, hasHelm, type Manifest, podSpecs, render as renderChart } from '../../support/helm.ts'

type Groups = Readonly<Record<string, Readonly<Record<string, unknown>>>>
const withHelm = test.skipIf(!hasHelm)
const render = (...sets: string[]) => renderChart('binnacle-agent', { sets })
const example = (name: string, ...sets: string[]) =>
  renderChart('binnacle-agent', { files: [`binnacle-agent/examples/${name}.yaml`], sets })
const configOf = (manifests: readonly Manifest[], env = {}) =>
  parseAgentConfig({ ...configFile(manifests, 'agent.yaml'), env })
const kinds = (manifests: readonly Manifest[]) => manifests.map(({ kind }) => kind).sort()
const the = (kind: string, manifests: readonly Manifest[]) =>
  manifests.find((manifest) => manifest.kind === kind) as Manifest
const text = (value: unknown) => JSON.stringify(value)

describe('the configuration that the agent is given', () => {
  withHelm('is what the agent has by itself, but for what a pod needs', () => {
    const own = parseAgentConfig({}) as unknown as Groups
    const given = configOf(example('minimal')) as unknown as Groups
    const different = Object.keys(own).flatMap((group) =>
      Object.keys(own[group] ?? {})
        .filter((key) => !isDeepStrictEqual(own[group]?.[key], given[group]?.[key]))
        .map((key) => `${group}.${key}`),
    )
    expect(different).toEqual([
      'service.endpoint',
      'leaderElection.namespace',
      'leaderElection.name',
      'receive.host',
      'receive.stopPauseMs',
      'admin.host',
      'spool.directory',
    ])
  })

  withHelm('is one that it accepts', () => {
    expect(configOf(example('production'))).toMatchObject({
      cluster: { name: 'production-eu' },
      crashLogs: { enabled: true },
      namespaces: { default: 'off' },
      receive: { host: '0.0.0.0' },
      spool: { bytesMax: 3 * 1024 ** 3 },
      injection: { enabled: false },
    })
  })

  withHelm('takes the name and the id of the cluster from Rancher, unless they are set', () => {
    expect(configOf(example('rancher')).cluster).toEqual({ name: 'shop-eu', id: 'c-m-hhpg69fv' })
    const named = example('rancher', 'cluster.name=shop', 'cluster.id=x')
    expect(configOf(named).cluster).toEqual({ name: 'shop', id: 'x' })
    // Every Rancher has a cluster of that id: the one that it runs in.
    const own = example('rancher', 'global.cattle.clusterId=local')
    expect(configOf(own).cluster).toEqual({ name: 'shop-eu', id: '' })
  })

  withHelm('restarts the agent only where the agent cannot read it again', () => {
    const checksum = (...sets: string[]) =>
      /"checksum\/config":"(\w+)"/.exec(text(the('Deployment', render(...sets))))?.[1]
    const hot = [
      'namespaces.include={shop}',
      'scrape.enabled=false',
      'log.level=debug',
      'control.settable=null',
    ]
    expect(checksum(...hot)).toBe(checksum())
    expect(checksum('cluster.name=other')).not.toBe(checksum())
    expect(configOf(render(...hot))).toMatchObject({
      namespaces: { include: ['shop'] },
      log: { level: 'debug' },
    })
  })

  withHelm('names files that are mounted', () => {
    for (const name of ['production', 'sampling', 'proxy']) {
      const manifests = example(name)
      const { service, receive, sampling } = configOf(manifests, {
        BINNACLE_SAMPLING_REPLICAS_OWN_ADDRESS: '10.0.0.9',
      })
      const files = [
        ...[
          service.accessKeyFile,
          service.caFile,
          service.certFile,
          service.keyFile,
          sampling.replicas.caFile,
        ],
        ...[receive.tls.certFile, receive.tls.keyFile, receive.tls.clientCaFile],
      ].filter((file) => file !== '')
      expect(files.length).toBeGreaterThan(1)
      for (const file of files)
        expect(text(manifests)).toContain(`"mountPath":"${file.slice(0, file.lastIndexOf('/'))}"`)
    }
  })
})

describe('memory', () => {
  test.each([
    ['64Mi', '--max-old-space-size=32 --max-semi-space-size=1'],
    ['128Mi', '--max-old-space-size=68 --max-semi-space-size=2'],
    ['256Mi', '--max-old-space-size=160 --max-semi-space-size=4'],
    ['1Gi', '--max-old-space-size=708 --max-semi-space-size=4'],
  ])("Node's heap follows from a memory limit of %s", (limit, options) => {
    expect(chartNodeOptions(limit)).toBe(options)
  })

  withHelm.each([
    ['64Mi', chartNodeOptions('64Mi')],
    ['0.5Gi', '--max-old-space-size=342 '],
    ['512M', '--max-old-space-size=325 '],
    ['268435456', chartNodeOptions('256Mi')],
    ['null', chartNodeOptions('256Mi')],
  ])('the template reads a limit of %s', (limit, options) => {
    expect(text(render(`resources.limits.memory=${limit}`))).toContain(options)
  })
})

describe('what is installed', () => {
  withHelm('is a Deployment with cluster rights by default', () => {
    expect(kinds(example('minimal'))).toEqual([
      'ClusterRole',
      'ClusterRoleBinding',
      'ConfigMap',
      'Deployment',
      'Pod',
      'Service',
      'ServiceAccount',
    ])
  })

  withHelm('is a Role in each listed namespace and no cluster rights in namespaced mode', () => {
    const manifests = example('namespaced')
    expect(kinds(manifests).filter((kind) => kind.startsWith('Cluster'))).toEqual([])
    const roles = manifests.filter(({ kind }) => kind === 'Role')
    expect(roles.map(({ metadata }) => metadata.namespace)).toEqual(['shop', 'payments'])
  })

  withHelm('is a StatefulSet whose replicas elect a leader, are spread and not all evicted at once', () => {
    const manifests = example('production')
    expect(kinds(manifests)).toEqual(expect.arrayContaining(['StatefulSet', 'PodDisruptionBudget', 'Role']))
    expect(kinds(manifests)).not.toContain('Deployment')
    expect(text(manifests)).toContain('topologySpreadConstraints')
    expect(configOf(manifests).leaderElection).toMatchObject({
      enabled: true,
      namespace: 'binnacle',
      name: 'test-binnacle-agent',
    })
    expect(configOf(example('minimal')).leaderElection.enabled).toBe(false)
  })

  withHelm('has no port, no Service and no rule for OTLP in mode state', () => {
    const state = text(example('edge', 'networkPolicy.enabled=true', 'receive.tlsSecret.name=in'))
    for (const trace of ['otlp', '4317', '4318', '/etc/binnacle/receive']) {
      expect(state).not.toContain(trace)
      expect(text(example('sampling', 'networkPolicy.enabled=true'))).toContain(trace)
    }
  })

  withHelm('lets several replicas that sample find each other by a headless Service', () => {
    const manifests = example('sampling')
    const services = manifests.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name)
    expect(services).toEqual(['test-binnacle-agent', 'test-binnacle-agent-replicas'])
    const { sampling } = configOf(manifests, { BINNACLE_SAMPLING_REPLICAS_OWN_ADDRESS: '10.0.0.9' })
    expect(sampling.replicas).toMatchObject({
      address: 'test-binnacle-agent-replicas.binnacle.svc:4318',
      ownAddress: '10.0.0.9',
      caFile: '/etc/binnacle/receive/ca.crt',
    })
    expect(text(manifests)).toContain('"name":"BINNACLE_SAMPLING_REPLICAS_OWN_ADDRESS"')
    expect(kinds(example('sampling', 'replicas=1')).filter((kind) => kind === 'Service')).toHaveLength(1)
  })

  withHelm("takes images from Rancher's registry, unless the values name one", () => {
    expect(podSpecs(example('rancher'))[0]?.containers[0]?.image).toBe(
      'registry.rancher.example/binnacle/binnacle:0.1.0',
    )
    expect(podSpecs(example('proxy'))[0]?.containers[0]?.image).toMatch(
      /^registry\.example\.com\/binnacle\/binnacle@sha256:/,
    )
  })

  withHelm(
    'keeps an access key that was typed in a Secret, and a proxy with a password out of the values',
    () => {
      const typed = example('rancher')
      const secret = the('Secret', typed)
      expect(Buffer.from(secret.data?.['access-key'] ?? '', 'base64').toString()).toBe('bkey-from-the-form')
      expect(text(typed.filter(({ kind }) => kind !== 'Secret'))).not.toContain('bkey-from-the-form')
      expect(text(typed)).toContain(`"secretName":"${secret.metadata.name}"`)
      expect(text(example('proxy'))).toContain(
        '"name":"BINNACLE_SERVICE_PROXY_URL","valueFrom":{"secretKeyRef":{"name":"egress-proxy","key":"url"}}',
      )
    },
  )
})

describe('injection', () => {
  const webhookOf = (manifests: readonly Manifest[]) =>
    (the('MutatingWebhookConfiguration', manifests) as unknown as { webhooks: [Record<string, unknown>] })
      .webhooks[0]
  const account = (manifests: readonly Manifest[]) =>
    podSpecs(manifests.filter(({ metadata }) => metadata.name.endsWith('-webhook')))[0]
      ?.automountServiceAccountToken

  withHelm('asks for new pods of labelled namespaces alone, and never stands in their way', () => {
    expect(webhookOf(example('injection'))).toMatchObject({
      failurePolicy: 'Ignore',
      timeoutSeconds: 3,
      reinvocationPolicy: 'IfNeeded',
      sideEffects: 'None',
      rules: [{ operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
      namespaceSelector: {
        matchLabels: { 'binnacle.dev/inject': 'enabled' },
        matchExpressions: [
          { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'binnacle'] },
        ],
      },
      objectSelector: {
        matchExpressions: [{ key: 'binnacle.dev/inject', operator: 'NotIn', values: ['disabled'] }],
      },
    })
    expect(text(webhookOf(example('injection-own-certificate')))).toContain(
      '"operator":"In","values":["shop","payments"]',
    )
  })

  withHelm('makes nothing anew with each render: no certificate, no caBundle, an empty Secret', () => {
    const manifests = example('injection')
    expect(text(webhookOf(manifests))).not.toContain('caBundle')
    expect(the('Secret', manifests).data).toBeUndefined()
  })

  withHelm(
    'has a webhook of two pods that are apart, with rights on its own Secret and configuration alone',
    () => {
      const manifests = example('injection')
      const own = manifests.filter(({ metadata }) => metadata.name === 'test-binnacle-agent-webhook')
      expect(kinds(own)).toEqual(expect.arrayContaining(['Deployment', 'PodDisruptionBudget', 'Service']))
      expect(the('Deployment', own).spec).toMatchObject({ replicas: 2 })
      expect(text(own)).toContain('preferredDuringSchedulingIgnoredDuringExecution')
      for (const { rules = [] } of own)
        for (const { resourceNames } of rules) expect(resourceNames).toEqual(['test-binnacle-agent-webhook'])
      expect(account(manifests)).toBe(true)
    },
  )

  withHelm('has a webhook without rights, and without a token, where others make its certificate', () => {
    for (const name of ['injection-cert-manager', 'injection-own-certificate']) {
      const manifests = example(name)
      expect(account(manifests)).toBe(false)
      const roles = manifests.filter(
        ({ kind, metadata }) => kind.endsWith('Role') && metadata.name.endsWith('-webhook'),
      )
      expect(roles).toEqual([])
    }
    const { metadata } = the('MutatingWebhookConfiguration', example('injection-cert-manager'))
    expect(metadata.annotations).toEqual({
      'cert-manager.io/inject-ca-from': 'binnacle/test-binnacle-agent-webhook',
    })
    expect(the('Certificate', example('injection-cert-manager')).spec).toMatchObject({
      issuerRef: { kind: 'ClusterIssuer', name: 'internal' },
      dnsNames: expect.arrayContaining(['test-binnacle-agent-webhook.binnacle.svc']),
    })
  })

  withHelm("keeps the webhook's pods out of the agent's Service and controller", () => {
    const selectors = example('injection')
      .filter(({ kind }) => kind === 'Service')
      .map(({ spec }) => text(spec?.['selector']))
    expect(selectors).toHaveLength(2)
    expect(new Set(selectors).size).toBe(2)
  })

  withHelm('mounts the image as a volume from Kubernetes 1.36 on, and copies its files before', () => {
    const delivery = (kubeVersion: string) =>
      /delivery: (\S+)/.exec(
        configFile(
          renderChart('binnacle-agent', { files: ['binnacle-agent/examples/injection.yaml'], kubeVersion }),
          'webhook.yaml',
        ).yaml.text,
      )?.[1]
    expect(delivery('1.31.0')).toBe('init-container')
    expect(delivery('1.36.0')).toBe('image-volume')
  })

  withHelm('has an agent that may make and change the one ConfigMap of its crash guard', () => {
    expect(configOf(example('injection')).injection).toEqual({
      enabled: true,
      namespace: 'binnacle',
      configMap: 'test-binnacle-agent-injection',
      crashGuard: { enabled: true, minutes: 5 },
    })
    expect(text(example('injection'))).toContain('"resourceNames":["test-binnacle-agent-injection"]')
    expect(text(example('injection-own-certificate'))).not.toContain('configmaps')
  })
})
