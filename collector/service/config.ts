import { readFileSync } from 'node:fs'
import { Value } from 'typebox/value'
import { parse as parseYaml } from 'yaml'
import { errorText } from '../std/assert.ts'
import { ServiceConfig } from './config-schema.ts'

export interface ServiceConfigSources {
  /** YAML text and where it is from. */
  readonly yaml?: { readonly text: string; readonly name: string } | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  /** By dotted key, such as `listen.port`; undefined values are left out. */
  readonly overrides?: Readonly<Record<string, unknown>>
}

/**
 * Puts the service's configuration together. Later sources win:
 * defaults < YAML file < BINNACLE_* (`clickhouse.passwordFile` is BINNACLE_CLICKHOUSE_PASSWORD_FILE) < options of the command.
 * Throws one sentence that names the key. Files with secrets are read here, so that what follows needs no disk.
 */
export function parseServiceConfig({ yaml, env = {}, overrides = {} }: ServiceConfigSources): ServiceConfig {
  const refuse = (problem: string) =>
    new Error(`cannot use the service configuration${yaml ? ` ${yaml.name}` : ''}: ${problem}`)
  const merged = [readDocument(yaml), fromEnv(env), nested(overrides)].reduce(merge, {})
  const unknown = unknownKey(schemaTree, merged, '')
  if (unknown) throw refuse(`unknown key ${unknown}`)
  const config: unknown = Value.Default(ServiceConfig, structuredClone(merged))
  if (!Value.Check(ServiceConfig, config)) {
    const [error] = Value.Errors(ServiceConfig, config)
    const key = error?.instancePath.slice(1).replaceAll('/', '.') ?? ''
    throw refuse(`${key} ${error?.message ?? 'is not valid'}${describe(key)}`)
  }
  const { url } = config.clickhouse
  if (url !== '' && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw refuse(`clickhouse.url is not an http address: ${url}`)
  }
  return Object.freeze(withSecrets(config))
}

/** Reads the file, if there is one to read. */
export function loadServiceConfig(
  options: Omit<ServiceConfigSources, 'yaml'> & { readonly file?: string | undefined },
): ServiceConfig {
  const { file, ...sources } = options
  if (file === undefined) return parseServiceConfig(sources)
  return parseServiceConfig({
    ...sources,
    yaml: { text: readText('service configuration', file), name: file },
  })
}

function withSecrets(config: ServiceConfig): ServiceConfig {
  const { clickhouse, accessKeyFile } = config
  const password = clickhouse.passwordFile
    ? readText('ClickHouse password', clickhouse.passwordFile).trim()
    : clickhouse.password
  const keys = accessKeyFile ? readText('access keys', accessKeyFile).split(/\s+/).filter(Boolean) : []
  // An empty key file must not open the door that its owner meant to lock.
  if (accessKeyFile && keys.length === 0)
    throw new Error(`cannot use the access keys ${accessKeyFile}: it holds no key`)
  return { ...config, clickhouse: { ...clickhouse, password }, accessKeys: [...config.accessKeys, ...keys] }
}

function readText(what: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`cannot read the ${what} ${file}: ${errorText(error)}`, { cause: error })
  }
}

function readDocument(yaml: ServiceConfigSources['yaml']): object {
  if (!yaml) return {}
  let document: unknown
  try {
    document = parseYaml(yaml.text, { uniqueKeys: true, maxAliasCount: 0 })
  } catch (error) {
    throw new Error(`cannot read the service configuration ${yaml.name}: ${errorText(error)}`, {
      cause: error,
    })
  }
  if (document === null || document === undefined) return {}
  if (isObject(document)) return document
  throw new Error(`cannot use the service configuration ${yaml.name}: it is not a map of keys`)
}

function fromEnv(env: Readonly<Record<string, string | undefined>>): object {
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

function toScalar(text: string, type: string): unknown {
  if (type === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text
  if (type === 'array') return text.split(',').map((one) => one.trim())
  return text
}

interface SchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly description?: string
}

// Walked as the JSON Schema that it is.
const schemaTree = ServiceConfig as unknown as SchemaNode

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
function describe(key: string): string {
  const node = key.split('.').reduce<SchemaNode | undefined>((at, name) => at?.properties?.[name], schemaTree)
  return node?.description ? ` (${node.description})` : ''
}

function nested(flat: Readonly<Record<string, unknown>>): object {
  return Object.entries(flat)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => key.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value))
    .filter(isObject)
    .reduce(merge, {})
}

function merge(under: object, over: object): object {
  const result: Record<string, unknown> = { ...under }
  for (const [key, value] of Object.entries(over)) {
    // A key without a value in YAML leaves the default.
    if (value === null) continue
    const below = result[key]
    result[key] = isObject(below) && isObject(value) ? merge(below, value) : value
  }
  return result
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
