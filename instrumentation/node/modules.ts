/**
 * Which instrumentation patches which module, written into the bundle by `build.ts` from the instrumentations themselves,
 * so that none has to be loaded to know whether it is needed.
 */
export interface PatchedModules {
  /** By the name of a package or built-in module: the instrumentations, by the last part of their package's name. */
  readonly byName: Readonly<Record<string, readonly string[]>>
  /** Files inside of packages that are patched themselves, as `graphql/language/parser.js`. */
  readonly files: readonly string[]
}

/** They patch no module: they listen to what Node and undici publish. */
export const listening = ['undici', 'runtime-node', 'host-metrics'] as const

/**
 * Off unless OTEL_NODE_ENABLED_INSTRUMENTATIONS names them: spans of every file, socket and name look-up cost much and tell
 * little, Express tells of its router itself, and figures of the host are the node's, not the application's.
 */
const offByDefault: readonly string[] = ['fs', 'dns', 'net', 'router', 'host-metrics']

type Env = Readonly<Record<string, string | undefined>>

/** What OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_NODE_DISABLED_INSTRUMENTATIONS leave on. */
export function enabledBy(env: Env): (instrumentation: string) => boolean {
  const enabled = listOf(env['OTEL_NODE_ENABLED_INSTRUMENTATIONS'])
  const disabled = listOf(env['OTEL_NODE_DISABLED_INSTRUMENTATIONS'])
  return (name) =>
    !disabled.includes(name) && (enabled.length > 0 ? enabled.includes(name) : !offByDefault.includes(name))
}

const listOf = (value = ''): string[] =>
  value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

/**
 * The name that instrumentations know a resolved module by: `http` for `node:http`, `pg` for a file below the last
 * `node_modules/pg`; undefined for the application's own files.
 */
export function moduleNameOf(url: string): string | undefined {
  if (url.startsWith('node:')) return url.slice(5)
  const inside = pathInPackages(url)
  if (inside === undefined) return undefined
  const [first = '', second] = inside.split('/', 2)
  return first.startsWith('@') ? `${first}/${second}` : first
}

/** `pg/lib/client.js` of a file in a package, without a query. */
export function pathInPackages(url: string): string | undefined {
  const at = url.lastIndexOf(packages)
  if (at === -1) return undefined
  const end = url.indexOf('?', at)
  return url.slice(at + packages.length, end === -1 ? undefined : end)
}

const packages = '/node_modules/'
