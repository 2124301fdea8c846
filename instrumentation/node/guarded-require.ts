import { Hook as RequireHook } from 'require-in-the-middle'
import { guarded, type OnModule } from './guarded-hooks.ts'

/** `Hook` of require-in-the-middle, guarded. */
export class Hook {
  constructor(modules: string[] | null, options: { readonly internals: boolean }, onModule: OnModule) {
    new RequireHook(modules, options, guarded(onModule) as <T>(exports: T) => T)
  }
}
