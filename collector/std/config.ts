import { readFileSync } from 'node:fs'
import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { parse as parseYaml } from 'yaml'
import { errorText } from './assert.ts'

/** Where a program's configuration comes from. */
export interface ConfigSources {
  /** YAML text and where it is from. */
  readonly yaml?: { readonly text: string; readonly name: string } | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  /** By dotted key, such as `listen.port`; undefined values are left out. */
  readonly overrides?: Readonly<Record<string, unknown>>
}

export interface ConfigSpec<S extends TSchema> {
  /** For messages: `agent`, `service`. */
  readonly name: string
  readonly schema: S
  /** Values by dotted key that stand under the file, such as those of standard variables. */
  readonly standard?: (env: Readonly<Record<string, string | undefined>>) => Readonly<Record<string, unknown>>
  /** What the schema cannot say, as the rest of a sentence; undefined when all is well. */
  readonly contradiction?: (config: Static<S>) => string | undefined
}

/**
 * Puts a configuration together. Later sources win:
 * defaults < standard variables < YAML file < BINNACLE_* (`service.endpoint` is BINNACLE_SERVICE_ENDPOINT) < options.
 * Throws one sentence. An unknown key or a bad value is an error that names it and says what the key takes.
 */
export function parseConfig<S extends TSchema>(spec: ConfigSpec<S>, sources: ConfigSources): Static<S> {
  const { yaml, env = {}, overrides = {} } = sources
  // Walked as the JSON Schema that it is.
  const tree = spec.schema as unknown as SchemaNode
  const layers = [
    nested(spec.standard?.(env) ?? {}),
    readDocument(spec.name, yaml),
    fromEnv(tree, env),
    nested(overrides),
  ]
  const merged = layers.reduce(merge, {})
  const refuse = (problem: string) =>
    new Error(`cannot use the ${spec.name} configuration${yaml ? ` ${yaml.name}` : ''}: ${problem}`)
  const unknown = unknownKey(tree, merged, '')
  if (unknown) throw refuse(`unknown key ${unknown}`)
  const config: unknown = Value.Default(spec.schema, structuredClone(merged))
  if (!Value.Check(spec.schema, config)) {
    const [error] = Value.Errors(spec.schema, config)
    const key = error?.instancePath.slice(1).replaceAll('/', '.') ?? ''
    throw refuse(`${key} ${error?.message ?? 'is not valid'}${describe(tree, key)}`)
  }
  const problem = spec.contradiction?.(config as Static<S>)
  if (problem) throw refuse(problem)
  return config as Static<S>
}

/** The sources with the file read, if there is one to read. */
export function withFile(
  name: string,
  { file, ...sources }: Omit<ConfigSources, 'yaml'> & { readonly file?: string | undefined },
): ConfigSources {
  if (file === undefined) return sources
  return { ...sources, yaml: { text: readText(`${name} configuration`, file), name: file } }
}

export function readText(what: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`cannot read the ${what} ${file}: ${errorText(error)}`, { cause: error })
  }
}

export function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) deepFreeze(child)
  return Object.freeze(value)
}

/** A variable's text as the type of its key; text that does not fit is left for the schema to refuse. */
export function toScalar(text: string, type: string): unknown {
  if (type === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (type === 'array') return text.split(',').map((one) => one.trim())
  return text
}

function readDocument(name: string, yaml: ConfigSources['yaml']): object {
  if (!yaml) return {}
  let document: unknown
  try {
    document = parseYaml(yaml.text, { uniqueKeys: true, maxAliasCount: 0 })
  } catch (error) {
    throw new Error(`cannot read the ${name} configuration ${yaml.name}: ${errorText(error)}`, {
      cause: error,
    })
  }
  if (document === null || document === undefined) return {}
  if (isObject(document)) return document
  throw new Error(`cannot use the ${name} configuration ${yaml.name}: it is not a map of keys`)
}

interface SchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly description?: string
}

function fromEnv(tree: SchemaNode, env: Readonly<Record<string, string | undefined>>): object {
  const found: Record<string, unknown> = {}
  for (const { key, type } of leaves(tree, '')) {
    const name = `BINNACLE_${key
      .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
      .replaceAll('.', '_')
      .toUpperCase()}`
    const text = env[name]
    if (text !== undefined && text !== '') found[key] = toScalar(text, type)
  }
  return nested(found)
}

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
function describe(tree: SchemaNode, key: string): string {
  const node = key.split('.').reduce<SchemaNode | undefined>((at, name) => at?.properties?.[name], tree)
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
