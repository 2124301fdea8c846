import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { KeyValue } from '@elastic/opamp-client-node/lib/generated/anyvalue_pb.js'
import {
  AgentCapabilities,
  AgentToServerSchema,
  type ComponentHealth,
  ComponentHealthSchema,
  RemoteConfigStatuses,
  ServerCapabilities,
  ServerToAgentFlags,
  ServerToAgentSchema,
} from '@elastic/opamp-client-node/lib/generated/opamp_pb.js'
import type { RemoteConfigStatus } from '../record/remote-config.ts'

/**
 * OpAMP (https://opentelemetry.io/docs/specs/opamp/) as far as it is used here. Up: identity, health, effective
 * configuration, what became of the remote configuration, and the namespaces of the cluster as a custom message.
 * Down: remote configuration and flags.
 */

/** One part of an agent and how it is. */
export interface HealthComponent {
  readonly name: string
  readonly healthy: boolean
  readonly status: string
  readonly error: string
}

export interface AgentHealth {
  readonly healthy: boolean
  readonly status: string
  readonly error: string
  readonly startedAtMs: number
  readonly components: readonly HealthComponent[]
}

/** What an agent says; what it leaves out has not changed since its last message. */
export interface AgentMessage {
  /** A UUID as text. */
  readonly agentUid: string
  readonly sequence: number
  /** Identifying and other attributes in one. */
  readonly description?: ReadonlyMap<string, string>
  readonly health?: AgentHealth
  /** YAML text, secrets removed. */
  readonly effectiveConfig?: string
  readonly remoteConfig?: RemoteConfigStatus
  /** A NamespacesReport as JSON. */
  readonly namespaces?: string
  /** Its last message. */
  readonly disconnect: boolean
}

/** Attributes that tell one agent from another, by the specification; the rest describes. */
const identifyingKeys = ['service.name', 'service.namespace', 'service.instance.id', 'service.version']

const capabilities = BigInt(
  AgentCapabilities.AgentCapabilities_ReportsStatus |
    AgentCapabilities.AgentCapabilities_ReportsEffectiveConfig |
    AgentCapabilities.AgentCapabilities_ReportsHealth |
    AgentCapabilities.AgentCapabilities_ReportsHeartbeat |
    AgentCapabilities.AgentCapabilities_AcceptsRemoteConfig |
    AgentCapabilities.AgentCapabilities_ReportsRemoteConfig,
)
/** Custom message of type `snapshot`: JSON of record/remote-config.ts NamespacesReport. */
const namespacesCapability = 'dev.binnacle.namespaces'

export function encodeAgentMessage(message: AgentMessage): Uint8Array {
  const { agentUid, sequence, description, health, effectiveConfig, remoteConfig, namespaces, disconnect } =
    message
  return toBinary(
    AgentToServerSchema,
    create(AgentToServerSchema, {
      instanceUid: uuidBytes(agentUid),
      sequenceNum: BigInt(sequence),
      capabilities,
      ...(description ? { agentDescription: encodeDescription(description) } : {}),
      ...(health ? { health: encodeHealth(health) } : {}),
      ...(effectiveConfig === undefined
        ? {}
        : { effectiveConfig: encodeConfig(effectiveConfig, 'text/yaml') }),
      ...(remoteConfig ? { remoteConfigStatus: encodeStatus(remoteConfig) } : {}),
      ...(namespaces === undefined
        ? {}
        : {
            customCapabilities: { capabilities: [namespacesCapability] },
            customMessage: {
              capability: namespacesCapability,
              type: 'snapshot',
              data: Buffer.from(namespaces),
            },
          }),
      ...(disconnect ? { agentDisconnect: {} } : {}),
    }),
  )
}

/** Throws when the bytes are no AgentToServer or carry no 16-byte instance uid. */
export function parseAgentMessage(bytes: Uint8Array): AgentMessage {
  const message = fromBinary(AgentToServerSchema, bytes)
  if (message.instanceUid.length !== 16)
    throw new Error('cannot read the agent message: no instance uid of 16 bytes')
  const { agentDescription, health, effectiveConfig, remoteConfigStatus, customMessage } = message
  return {
    agentUid: uuidText(message.instanceUid),
    sequence: Number(message.sequenceNum),
    disconnect: message.agentDisconnect !== undefined,
    ...(agentDescription
      ? {
          description: new Map(
            [...agentDescription.identifyingAttributes, ...agentDescription.nonIdentifyingAttributes].map(
              readAttribute,
            ),
          ),
        }
      : {}),
    ...(health ? { health: readHealth(health) } : {}),
    ...(effectiveConfig?.configMap
      ? { effectiveConfig: readConfig(effectiveConfig.configMap.configMap) }
      : {}),
    ...(remoteConfigStatus && remoteConfigStatus.status !== RemoteConfigStatuses.RemoteConfigStatuses_UNSET
      ? { remoteConfig: readStatus(remoteConfigStatus) }
      : {}),
    ...(customMessage?.capability === namespacesCapability
      ? { namespaces: Buffer.from(customMessage.data).toString('utf8') }
      : {}),
  }
}

export interface ServerMessage {
  readonly agentUid: string
  /** The server does not know this agent (any more): send everything again. */
  readonly reportFullState: boolean
  /** Absent: the agent has what there is. */
  readonly remoteConfig?: RemoteConfigOffer
}

export interface RemoteConfigOffer {
  /** Hexadecimal. */
  readonly hash: string
  /** JSON. */
  readonly body: string
}

export function encodeServerMessage({ agentUid, reportFullState, remoteConfig }: ServerMessage): Uint8Array {
  return toBinary(
    ServerToAgentSchema,
    create(ServerToAgentSchema, {
      instanceUid: uuidBytes(agentUid),
      ...(remoteConfig
        ? {
            remoteConfig: {
              configHash: Buffer.from(remoteConfig.hash, 'hex'),
              config: encodeConfig(remoteConfig.body, 'application/json').configMap,
            },
          }
        : {}),
      customCapabilities: { capabilities: [namespacesCapability] },
      flags: BigInt(
        reportFullState
          ? ServerToAgentFlags.ServerToAgentFlags_ReportFullState
          : ServerToAgentFlags.ServerToAgentFlags_Unspecified,
      ),
      capabilities: BigInt(
        ServerCapabilities.ServerCapabilities_AcceptsStatus |
          ServerCapabilities.ServerCapabilities_AcceptsEffectiveConfig |
          ServerCapabilities.ServerCapabilities_OffersRemoteConfig,
      ),
    }),
  )
}

/** Throws when the bytes are no ServerToAgent or tell of an error. */
export function parseServerMessage(bytes: Uint8Array): ServerMessage {
  const message = fromBinary(ServerToAgentSchema, bytes)
  if (message.errorResponse)
    throw new Error(`the service refused the report: ${message.errorResponse.errorMessage}`)
  const full = BigInt(ServerToAgentFlags.ServerToAgentFlags_ReportFullState)
  return {
    agentUid: message.instanceUid.length === 16 ? uuidText(message.instanceUid) : '',
    reportFullState: (message.flags & full) !== 0n,
    ...(message.remoteConfig?.config
      ? {
          remoteConfig: {
            hash: Buffer.from(message.remoteConfig.configHash).toString('hex'),
            body: readConfig(message.remoteConfig.config.configMap),
          },
        }
      : {}),
  }
}

function encodeDescription(description: ReadonlyMap<string, string>) {
  const attributes = [...description].map(([key, value]) => ({
    key,
    value: { value: { case: 'stringValue' as const, value } },
  }))
  return {
    identifyingAttributes: attributes.filter(({ key }) => identifyingKeys.includes(key)),
    nonIdentifyingAttributes: attributes.filter(({ key }) => !identifyingKeys.includes(key)),
  }
}

function readAttribute({ key, value }: KeyValue): [string, string] {
  const one = value?.value
  switch (one?.case) {
    case 'stringValue':
    case 'boolValue':
    case 'intValue':
    case 'doubleValue':
      return [key, String(one.value)]
    default:
      return [key, '']
  }
}

function encodeHealth(health: AgentHealth): ComponentHealth {
  const startTimeUnixNano = BigInt(health.startedAtMs) * 1_000_000n
  const part = ({ healthy, status, error }: Omit<HealthComponent, 'name'>) => ({
    healthy,
    status,
    lastError: error,
  })
  return create(ComponentHealthSchema, {
    ...part(health),
    startTimeUnixNano,
    componentHealthMap: Object.fromEntries(
      health.components.map((one) => [one.name, create(ComponentHealthSchema, part(one))]),
    ),
  })
}

function readHealth(health: ComponentHealth): AgentHealth {
  return {
    healthy: health.healthy,
    status: health.status,
    error: health.lastError,
    startedAtMs: Number(health.startTimeUnixNano / 1_000_000n),
    components: flatten(health, ''),
  }
}

const depthMax = 4

/** Nested components as `parent/child`. */
function flatten(health: ComponentHealth, prefix: string, depth = 0): HealthComponent[] {
  if (depth === depthMax) return []
  return Object.entries(health.componentHealthMap).flatMap(([key, one]) => {
    const name = `${prefix}${key}`
    const self = { name, healthy: one.healthy, status: one.status, error: one.lastError }
    return [self, ...flatten(one, `${name}/`, depth + 1)]
  })
}

function encodeConfig(text: string, contentType: string) {
  return { configMap: { configMap: { '': { body: Buffer.from(text), contentType } } } }
}

const statuses = {
  applied: RemoteConfigStatuses.RemoteConfigStatuses_APPLIED,
  applying: RemoteConfigStatuses.RemoteConfigStatuses_APPLYING,
  failed: RemoteConfigStatuses.RemoteConfigStatuses_FAILED,
} as const

function encodeStatus({ status, hash, error }: RemoteConfigStatus) {
  return { status: statuses[status], lastRemoteConfigHash: Buffer.from(hash, 'hex'), errorMessage: error }
}

function readStatus(message: {
  readonly status: RemoteConfigStatuses
  readonly lastRemoteConfigHash: Uint8Array
  readonly errorMessage: string
}): RemoteConfigStatus {
  const { status, lastRemoteConfigHash, errorMessage } = message
  return {
    status: status === statuses.applied ? 'applied' : status === statuses.applying ? 'applying' : 'failed',
    hash: Buffer.from(lastRemoteConfigHash).toString('hex'),
    error: errorMessage,
  }
}

function readConfig(files: Record<string, { readonly body: Uint8Array }>): string {
  return Object.entries(files)
    .map(([name, { body }]) => `${name === '' ? '' : `# ${name}\n`}${Buffer.from(body).toString('utf8')}`)
    .join('\n---\n')
}

function uuidBytes(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex')
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
