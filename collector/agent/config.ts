import { readFileSync } from 'node:fs'
import type { Static } from 'typebox'
import { Value } from 'typebox/value'
import { parse as parseYaml, stringify as stringifyYaml } from 'yaml'
import { errorText } from '../std/assert.ts'
import { AgentConfig } from './config-schema.ts'

export interface AgentConfigSources {
  /** YAML text and where it is from. */
  readonly yaml?: { readonly text: string; readonly name: string } | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  /** By dotted key, such as `cluster.name`; undefined values are left out. */
  readonly overrides?: Readonly<Record<string, unknown>>
}

/**
 * Puts the agent's configuration together. Later sources win:
 * defaults < OTEL_* < YAML file < BINNACLE_* (`service.endpoint` is BINNACLE_SERVICE_ENDPOINT) < options of the command.
 * Throws one sentence. An unknown key or a bad value is an error that names it. KUBECONFIG is read where the cluster's access is looked for.
 */
export function parseAgentConfig({ yaml, env = {}, overrides = {} }: AgentConfigSources): AgentConfig {
  const file = readDocument(yaml)
  const merged = [fromOtelEnv(env), file, fromBinnacleEnv(env), nested(overrides)].reduce(merge, {})
  const where = yaml ? ` ${yaml.name}` : ''
  const unknown = unknownKey(schemaTree, merged, '')
  if (unknown) throw new Error(`cannot use the agent configuration${where}: unknown key ${unknown}`)
  const config: unknown = Value.Default(AgentConfig, merged)
  if (!Value.Check(AgentConfig, config)) {
    const [error] = Value.Errors(AgentConfig, config)
    const key = error?.instancePath.slice(1).replaceAll('/', '.')
    throw new Error(
      `cannot use the agent configuration${where}: ${key} ${explain(key ?? '', error?.message)}`,
    )
  }
  const problem = contradiction(config)
  if (problem) throw new Error(`cannot use the agent configuration${where}: ${problem}`)
  return deepFreeze(config)
}

/** Reads the file, if there is one to read. */
export function loadAgentConfig(
  options: Omit<AgentConfigSources, 'yaml'> & { readonly file?: string | undefined },
): AgentConfig {
  const { file, ...sources } = options
  if (file === undefined) return parseAgentConfig(sources)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`cannot read the agent configuration ${file}: ${errorText(error)}`, { cause: error })
  }
  return parseAgentConfig({ ...sources, yaml: { text, name: file } })
}

/** For people and for the service: YAML without secrets. */
export function redactedYaml(config: AgentConfig): string {
  const { service } = config
  const endpoint = new URL(service.endpoint)
  if (endpoint.password !== '') endpoint.password = 'REDACTED'
  const accessKey = service.accessKey === '' ? '' : 'REDACTED'
  const address = endpoint.password === '' ? service.endpoint : endpoint.toString()
  return stringifyYaml({ ...config, service: { ...service, endpoint: address, accessKey } })
}

function contradiction(config: Static<typeof AgentConfig>): string | undefined {
  if (!URL.canParse(config.service.endpoint))
    return `service.endpoint is not a URL: ${config.service.endpoint}`
  if (config.watch.mode === 'namespaced' && config.watch.namespaces.length === 0)
    return 'watch.namespaces must name at least one namespace when watch.mode is namespaced'
  if (config.watch.mode === 'namespaced' && config.cluster.id === '')
    return 'cluster.id must be set when watch.mode is namespaced: the agent may not read the uid of kube-system then'
  return undefined
}

function readDocument(yaml: AgentConfigSources['yaml']): object {
  if (!yaml) return {}
  let document: unknown
  try {
    document = parseYaml(yaml.text, { uniqueKeys: true, maxAliasCount: 0 })
  } catch (error) {
    throw new Error(`cannot read the agent configuration ${yaml.name}: ${errorText(error)}`, { cause: error })
  }
  if (document === null || document === undefined) return {}
  if (!isObject(document))
    throw new Error(`cannot use the agent configuration ${yaml.name}: it is not a map of keys`)
  return document
}

/** The standard variables of OpenTelemetry that mean the same here. */
function fromOtelEnv(env: Readonly<Record<string, string | undefined>>): object {
  return nested({
    'service.endpoint': env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined,
    'ship.timeoutMs': toScalar(env['OTEL_EXPORTER_OTLP_TIMEOUT'] || undefined, 'integer'),
    'log.level': otelLevels[env['OTEL_LOG_LEVEL']?.toLowerCase() ?? ''],
  })
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

function fromBinnacleEnv(env: Readonly<Record<string, string | undefined>>): object {
  const found: Record<string, unknown> = {}
  for (const { key, type } of leaves(schemaTree, '')) {
    const name = `BINNACLE_${key
      .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
      .replaceAll('.', '_')
      .toUpperCase()}`
    const text = env[name]
    if (text !== undefined && text !== '') found[key] = toScalar(text, type)
  }
  return nested(found)
}

function toScalar(text: string | undefined, type: string): unknown {
  if (text === undefined) return undefined
  if (type === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (type === 'array') return text.split(',').map((one) => one.trim())
  return text
}

interface SchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly description?: string
}

// Walked as the JSON Schema that it is.
const schemaTree = AgentConfig as unknown as SchemaNode

function leaves(schema: SchemaNode, prefix: string): { readonly key: string; readonly type: string }[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    child.properties ? leaves(child, `${prefix}${name}.`) : [{ key: prefix + name, type: child.type ?? '' }],
  )
}

function unknownKey(schema: SchemaNode, value: object, prefix: string): string | undefined {
  for (const [name, one] of Object.entries(value)) {
    const child = schema.properties?.[name]
    if (!child) return prefix + name
    const deeper = child.properties && isObject(one) ? unknownKey(child, one, `${prefix}${name}.`) : undefined
    if (deeper) return deeper
  }
  return undefined
}

/** What the key takes, from its own description. */
function explain(key: string, fallback = 'is not valid'): string {
  const node = key.split('.').reduce<SchemaNode | undefined>((at, name) => at?.properties?.[name], schemaTree)
  return node?.description ? `${fallback} (${node.description})` : fallback
}

function nested(flat: Readonly<Record<string, unknown>>): object {
  let tree: object = {}
  for (const [key, value] of Object.entries(flat)) {
    if (value === undefined) continue
    tree = merge(
      tree,
      key
        .split('.')
        .reduceRight<object>(
          (inner, name, index, names) => ({ [name]: index === names.length - 1 ? value : inner }),
          {},
        ),
    )
  }
  return tree
}

function merge(under: object, over: object): object {
  const result: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = result[key]
    // A key without a value in YAML leaves the default.
    if (value === null) continue
    result[key] = isObject(below) && isObject(value) ? merge(below, value) : value
  }
  return result
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) deepFreeze(child)
  return Object.freeze(value)
}
