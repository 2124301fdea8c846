type Load = (name: string) => unknown

interface SyncHooks {
  supportsSyncHooks(): boolean
  register(options: { include: readonly string[] }): void
}

/**
 * Lets instrumentations see ECMAScript modules as they see what is required
 * (https://github.com/open-telemetry/opentelemetry-js/blob/main/doc/esm-support.md). Only the modules that an instrumentation
 * asks for are touched.
 */
export function hookModules(load: Load, include: readonly string[]): void {
  const hooks = load('import-in-the-middle/register-hooks.mjs') as SyncHooks
  if (hooks.supportsSyncHooks()) return hooks.register({ include })
  // Node versions before synchronous hooks run the loader on a thread of its own.
  const { pathToFileURL } = load('node:url') as { pathToFileURL(path: string): URL }
  const { register } = load('node:module') as {
    register(specifier: string, options: { parentURL: string; data: { include: readonly string[] } }): void
  }
  const resolver = load as unknown as { resolve(name: string): string }
  const hook = pathToFileURL(resolver.resolve('import-in-the-middle/hook.mjs')).href
  register(hook, { parentURL: hook, data: { include } })
}

/** What the instrumentations patch, by module name. */
export function patchedModules(instrumentations: readonly unknown[]): string[] {
  return instrumentations.flatMap((one) => {
    const { _modules = [] } = one as { _modules?: readonly { readonly name?: unknown }[] }
    return _modules.map(({ name }) => name).filter((name) => typeof name === 'string')
  })
}
