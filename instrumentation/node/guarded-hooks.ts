import { createSay } from './say.ts'

/**
 * An instrumentation that cannot patch the version of a module it meets must not break the application's `require`: the
 * module stays as it is. Stands between the instrumentations and the two packages that call them.
 */
export type OnModule = (exports: unknown, name: string, baseDir?: string) => unknown

const say = createSay()

export function guarded(onModule: OnModule): OnModule {
  return (exports, name, baseDir) => {
    try {
      return onModule(exports, name, baseDir)
    } catch (error) {
      say(`${name} is not instrumented: ${error instanceof Error ? error.message : error}`)
      return exports
    }
  }
}
