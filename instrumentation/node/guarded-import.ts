import { Hook as ImportHook } from 'import-in-the-middle'
import { guarded, type OnModule } from './guarded-hooks.ts'

/** `Hook` of import-in-the-middle, guarded. */
export class Hook {
  constructor(modules: string[], options: { readonly internals: boolean }, onModule: OnModule) {
    new ImportHook(modules, options, guarded(onModule) as (exports: unknown, name: string) => unknown)
  }
}
