import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Public data beside the project (see its README); tests that need it say so and are skipped where it is absent. */
const sharedData = resolve(import.meta.dirname, '../../../../shared/data')

export function sharedFolder(...path: string[]): { readonly path: string; readonly missing: boolean } {
  const folder = join(sharedData, ...path)
  return { path: folder, missing: !existsSync(folder) }
}
