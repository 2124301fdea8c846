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
    throw refuse(schemaProblem(tree, config, Value.Errors(spec.schema, config)))
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
  if (type === 'number') return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  if (type === 'array') return text.startsWith('[') ? tryJson(text) : text.split(',').map((one) => one.trim())
  return text
}

/** A list of maps can be given as JSON only. */
function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
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
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
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

interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly message?: string
}

/** The deepest error says most: those above it only say that something below is wrong. */
function schemaProblem(tree: SchemaNode, config: unknown, errors: readonly SchemaError[]): string {
  const pathOf = ({ instancePath }: SchemaError) => instancePath.split('/').slice(1)
  const depth = Math.max(0, ...errors.map((error) => pathOf(error).length))
  const deepest = errors.filter((error) => pathOf(error).length === depth)
  // Of the alternatives of one key the last error is the one about all of them.
  const error = deepest.at(-1)
  const path = error ? pathOf(error) : []
  const key = path.join('.')
  const item = nameOfItem(config, path)
  if (error?.message === 'schema is false') return `unknown key ${key}${item}`
  if (error?.keyword === 'anyOf') return `${key} is not what it takes${describe(tree, path)}${item}`
  return `${key} ${error?.message ?? 'is not valid'}${describe(tree, path)}${item}`
}

/** What the key takes, from its own description. */
function describe(tree: SchemaNode, path: readonly string[]): string {
  const found = path.reduce<readonly SchemaNode[]>(
    (nodes, name) => nodes.flatMap((node) => childrenOf(node, name)),
    [tree],
  )
  const description = found.find((node) => node.description)?.description
  return description ? ` (${description})` : ''
}

function childrenOf(node: SchemaNode, name: string): readonly SchemaNode[] {
  const alternatives = [node, ...(node.anyOf ?? [])]
  const child = (one: SchemaNode) => (/^\d+$/.test(name) ? one.items : one.properties?.[name])
  return alternatives.flatMap((one) => child(one) ?? [])
}

/** Of items that have names a number says little. */
function nameOfItem(config: unknown, path: readonly string[]): string {
  let at = config
  let named = ''
  for (const [index, key] of path.entries()) {
    at = isObject(at) || Array.isArray(at) ? (at as Record<string, unknown>)[key] : undefined
    if (/^\d+$/.test(key) && isObject(at) && 'name' in at)
      named = `; ${path.slice(0, index + 1).join('.')} is called ${JSON.stringify(at.name)}`
  }
  return named
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
