import { isIP } from 'node:net'
import { stringify as stringifyYaml } from 'yaml'
import type { RemoteScope } from '../record/remote-config.ts'
import {
  type ConfigSources,
  type ConfigSpec,
  deepFreeze,
  parseConfig,
  toScalar,
  withFile,
} from '../std/config.ts'
import { AgentConfig } from './config-schema.ts'

/** KUBECONFIG is read where the cluster's access is looked for. */
const spec: ConfigSpec<typeof AgentConfig> = {
  name: 'agent',
  schema: AgentConfig,
  standard: fromOtelEnv,
  contradiction(config) {
    if (!URL.canParse(config.service.endpoint))
      return `service.endpoint is not a URL: ${config.service.endpoint}`
    if (config.watch.mode === 'namespaced' && config.watch.namespaces.length === 0)
      return 'watch.namespaces must name at least one namespace when watch.mode is namespaced'
    if (config.watch.mode === 'namespaced' && config.cluster.id === '')
      return 'cluster.id must be set when watch.mode is namespaced: the agent may not read the uid of kube-system then'
    const { enabled, replicas } = config.sampling
    if (enabled && config.leaderElection.enabled && replicas.address === '')
      return 'sampling.enabled with several replicas needs sampling.replicas.address: a trace is decided where all of its spans are'
    if (replicas.address !== '' && isIP(replicas.ownAddress) === 0)
      return `sampling.replicas.ownAddress must be the IP address of this replica: ${replicas.ownAddress || 'it is empty'}`
    if (enabled && config.mode === 'state')
      return 'sampling.enabled needs mode full: in mode state there are no traces to sample'
    const pairs = [
      ['service', config.service],
      ['receive.tls', config.receive.tls],
    ] as const
    for (const [group, { certFile, keyFile }] of pairs)
      if ((certFile === '') !== (keyFile === ''))
        return `${group}.certFile and ${group}.keyFile need each other`
    if (config.receive.tls.clientCaFile !== '' && config.receive.tls.certFile === '')
      return 'receive.tls.clientCaFile needs receive.tls.certFile'
    if (config.service.proxyUrl !== '' && !URL.canParse(config.service.proxyUrl))
      return `service.proxyUrl is not a URL: ${config.service.proxyUrl}`
    const { leaseDurationMs, renewDeadlineMs, retryMs } = config.leaderElection
    if (leaseDurationMs <= renewDeadlineMs || renewDeadlineMs <= retryMs * 1.2)
      return 'leaderElection needs leaseDurationMs > renewDeadlineMs > 1.2 × retryMs'
    return undefined
  },
}

export function parseAgentConfig(sources: ConfigSources): AgentConfig {
  return deepFreeze(parseConfig(spec, sources))
}

/** Whether the crash guard runs: what is injected is of use in mode full alone. */
export function writesSwitchedOff({ mode, injection }: AgentConfig): boolean {
  return mode === 'full' && injection.enabled && injection.crashGuard.enabled
}

/** Reads the file, if there is one to read. */
export function loadAgentConfig(options: Parameters<typeof withFile>[1]): AgentConfig {
  return parseAgentConfig(withFile(spec.name, options))
}

/** For people and for the service: YAML without secrets, and what the service adds to it beside. */
export function redactedYaml(config: AgentConfig, remote: RemoteScope): string {
  const { service } = config
  const endpoint = withoutPassword(service.endpoint)
  const proxyUrl = withoutPassword(service.proxyUrl)
  const accessKey = service.accessKey === '' ? '' : 'REDACTED'
  const isRemote = remote.include.length > 0 || remote.exclude.length > 0
  return stringifyYaml(
    {
      ...config,
      service: { ...service, endpoint, proxyUrl, accessKey },
      ...(isRemote ? { remote: { namespaces: remote } } : {}),
    },
    { aliasDuplicateObjects: false },
  )
}

function withoutPassword(address: string): string {
  const url = URL.parse(address)
  if (!url || url.password === '') return address
  url.password = 'REDACTED'
  return url.toString()
}

/** The standard variables of OpenTelemetry that mean the same here. */
function fromOtelEnv(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const timeout = env['OTEL_EXPORTER_OTLP_TIMEOUT']
  return {
    'service.endpoint': env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined,
    'service.caFile': env['OTEL_EXPORTER_OTLP_CERTIFICATE'] || undefined,
    'service.certFile': env['OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'] || undefined,
    'service.keyFile': env['OTEL_EXPORTER_OTLP_CLIENT_KEY'] || undefined,
    'ship.compression': env['OTEL_EXPORTER_OTLP_COMPRESSION'] || undefined,
    'ship.timeoutMs': timeout ? toScalar(timeout, 'integer') : undefined,
    'log.level': otelLevels[env['OTEL_LOG_LEVEL']?.toLowerCase() ?? ''],
  }
}

const otelLevels: Record<string, string> = {
  all: 'trace',
  verbose: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  none: 'silent',
}
