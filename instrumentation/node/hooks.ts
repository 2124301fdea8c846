import Module from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { supportsSyncHooks } from 'import-in-the-middle/supports-sync-hooks.mjs'
import type { Core } from './core.ts'
import { enabledBy, moduleNameOf, type PatchedModules, pathInPackages } from './modules.ts'
import { others } from './others.ts'
import { createSay } from './say.ts'

/**
 * Waits until the application loads something worth instrumenting, and only then loads the SDK and that one instrumentation.
 * A script that never does pays for a look at each module's address.
 *
 * One pair of synchronous module hooks sees `require` and `import` alike. The instrumentations themselves patch by
 * require-in-the-middle, which comes with the SDK, and by import-in-the-middle, which comes with the first ECMAScript
 * module that is to be patched.
 *
 * Nothing here throws into the application: on the first error the hooks only pass on.
 */
declare const PATCHED_MODULES: PatchedModules

type Resolve = (specifier: string, context?: Partial<Module.ResolveHookContext>) => Module.ResolveFnOutput
type Load = (url: string, context?: Partial<Module.LoadHookContext>) => Module.LoadFnOutput
export interface EsmHooks {
  resolveSync(specifier: string, context: Module.ResolveHookContext, next: Resolve): Module.ResolveFnOutput
  loadSync(url: string, context: Module.LoadHookContext, next: Load): Module.LoadFnOutput
}
export type Require = (id: string) => unknown
type PatchedRequire = { require: (this: unknown, ...args: [string]) => unknown }

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
const endsWith = (file: string) => new RegExp(`/node_modules/${file.replace(/[^\w/]/g, '\\$&')}$`)

const key = Symbol.for('binnacle.instrumentation')

export function install(): void {
  const global = globalThis as { [key]?: unknown }
  if (global[key] !== undefined) return
  const { env } = process
  const say = createSay()
  const isEnabled = enabledBy(env)
  const home = pathToFileURL(join(__dirname, '/')).href
  const files = new Set(PATCHED_MODULES.files)
  const prototype = Module.prototype as unknown as PatchedRequire
  const plainRequire = prototype.require
  const loaded = new Set<string>()
  /** Above zero while this package loads files of its own. */
  let owned = 0
  let core: Core | undefined
  let esm: EsmHooks | undefined
  let over = false
  /** What was being required when the SDK came: require-in-the-middle has not seen it yet. */
  let again: string | undefined

  /** `require` for files of this package: neither patched nor seen by the hooks. */
  const ownRequire = (from: unknown, { cache, resolve }: NodeJS.Require): Require => {
    const own = (id: string) => {
      owned++
      try {
        return plainRequire.call(from, id)
      } finally {
        owned--
      }
    }
    return Object.assign(own, { cache, resolve })
  }
  Object.defineProperty(global, key, { value: { requireOf: ownRequire } })
  const load = ownRequire(module, require)

  const fail = (error: unknown) => {
    over = true
    say(`the application runs without instrumentation: ${textOf(error)}`)
  }

  function start(): Core {
    if (core === undefined) {
      if (prototype.require === watchedRequire) prototype.require = plainRequire
      core = (load('./core.cjs') as typeof import('./core.ts')).start({ say, isEnabled, isMainThread, load })
    }
    return core
  }

  /** Loads what the module needs; true when it is to be patched. */
  function prepare(name: string): boolean {
    if (others.has(name)) {
      over = true
      core?.stop()
      say(`the application loads ${name}, which traces it: this instrumentation leaves it alone`)
      return false
    }
    if (name === '@opentelemetry/api') start()
    const wanted = Object.hasOwn(PATCHED_MODULES.byName, name) ? PATCHED_MODULES.byName[name] : undefined
    let any = false
    for (const instrumentation of wanted ?? []) {
      if (!isEnabled(instrumentation)) continue
      any = true
      if (loaded.has(instrumentation)) continue
      loaded.add(instrumentation)
      const sdk = start()
      try {
        sdk.instrument(instrumentation)
      } catch (error) {
        say(`${instrumentation} is left out: ${textOf(error)}`)
      }
    }
    return any
  }

  /** Whether the module has to come through the hooks of import-in-the-middle. */
  function look(
    specifier: string,
    { conditions }: Partial<Module.ResolveHookContext>,
    { url }: Module.ResolveFnOutput,
  ): boolean {
    const name = moduleNameOf(url)
    const first = core === undefined
    const patched = name !== undefined && prepare(name)
    if (over) return false
    const imported = conditions?.includes('import') === true && !conditions.includes('require')
    if (first && core !== undefined && !imported) again = specifier
    if (!imported || !patched) return false
    esm ??= (load('./esm.cjs') as typeof import('./esm.ts')).createEsmHooks({ home, shouldInclude })
    return true
  }

  function shouldInclude(url: string, specifier: string): boolean {
    const name = moduleNameOf(url)
    if (name === undefined || !Object.hasOwn(PATCHED_MODULES.byName, name)) return false
    return specifier === name || specifier === `node:${name}` || files.has(String(pathInPackages(url)))
  }

  function resolve(
    specifier: string,
    context: Module.ResolveHookContext,
    next: Resolve,
  ): Module.ResolveFnOutput {
    if (owned > 0 || context.parentURL?.startsWith(home)) return next(specifier, context)
    if (esm !== undefined) {
      return esm.resolveSync(specifier, context, (asked, changed) => {
        const result = next(asked, changed)
        if (!over) {
          try {
            look(asked, { ...context, ...changed }, result)
          } catch (error) {
            fail(error)
          }
        }
        return result
      })
    }
    const result = next(specifier, context)
    if (over) return result
    try {
      if (look(specifier, context, result)) {
        return (esm as EsmHooks | undefined)?.resolveSync(specifier, context, () => result) ?? result
      }
    } catch (error) {
      fail(error)
    }
    return result
  }

  /** Until the SDK is there: requires the module that made it come once more, now through require-in-the-middle. */
  function watchedRequire(this: unknown, ...args: [string]): unknown {
    const exports = plainRequire.apply(this, args)
    if (again === undefined || again !== args[0]) return exports
    again = undefined
    return prototype.require.apply(this, args)
  }

  /** The built-in `fetch` is of no module: the SDK comes when it is first touched. */
  function watchFetch(): void {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'fetch')
    if (!descriptor?.configurable || !('value' in descriptor) || !isEnabled('undici')) return
    const restore = () => Object.defineProperty(globalThis, 'fetch', descriptor)
    Object.defineProperty(globalThis, 'fetch', {
      configurable: true,
      enumerable: descriptor.enumerable ?? true,
      get() {
        restore()
        try {
          if (!over) start()
        } catch (error) {
          fail(error)
        }
        return globalThis.fetch
      },
      set(value) {
        restore()
        globalThis.fetch = value
      },
    })
  }

  const isOn = (name: string) => /^\s*(none)?\s*$/.test(env[name] ?? '') === false
  // The hooks' thread inherits NODE_OPTIONS, too.
  if (!supportsSyncHooks()) return isMainThread ? startAll() : undefined
  // Metrics and logs may have no module to wait for.
  if (isMainThread && (isOn('OTEL_METRICS_EXPORTER') || isOn('OTEL_LOGS_EXPORTER'))) start()
  else {
    prototype.require = watchedRequire
    watchFetch()
  }
  Module.registerHooks({
    resolve,
    load: (url, context, next) => esm?.loadSync(url, context, next) ?? next(url, context),
  })

  /**
   * On Nodes before https://github.com/nodejs/node/pull/59929 hooks on the main thread cannot stand beside `require`, nor
   * beside those on a thread of their own: everything comes at once there.
   */
  function startAll(): void {
    start()
    const include = [...Object.keys(PATCHED_MODULES.byName), ...PATCHED_MODULES.files.map(endsWith)]
    Module.register(`${home}iitm/hook.mjs`, { parentURL: home, data: { include } })
    for (const name of Object.keys(PATCHED_MODULES.byName)) prepare(name)
  }
}
