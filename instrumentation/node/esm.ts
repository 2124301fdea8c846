import type { LoadFnOutput } from 'node:module'
import { createHook } from 'import-in-the-middle/create-hook.mjs'
import type { EsmHooks } from './hooks.ts'

/**
 * The hooks of import-in-the-middle for the main thread, of which this package makes a part of its own hooks. A patched
 * module is wrapped by one that imports `iitm/lib/register.js`, the very file that the instrumentations' half requires.
 */
export function createEsmHooks({
  home,
  shouldInclude,
}: {
  home: string
  shouldInclude: (url: string, specifier: string) => boolean
}): EsmHooks {
  const hooks = createHook({ url: `${home}iitm/hook.mjs` })
  hooks.applyOptions({ shouldInclude })
  return {
    resolveSync: hooks.resolveSync,
    loadSync(url, context, next) {
      let plain: LoadFnOutput | undefined
      const result = hooks.loadSync(url, context, (asked, changed) => {
        plain = next(asked, changed)
        return plain
      })
      // What it cannot wrap it gives back as it was, but calls it an ECMAScript module.
      return plain !== undefined && plain.source === result.source ? plain : result
    },
  }
}
