import { mountPath } from '../names.ts'
import { type LanguageInjection, MiB, option } from './language.ts'

/**
 * NODE_OPTIONS also reaches what the application starts (npm, yarn, old versions of Node): the file does nothing there.
 * `--require` and not `--import`, which Node before 18.18 refuses to start with; the file hooks ECMAScript modules, too.
 */
export const node: LanguageInjection = {
  variables: [option('NODE_OPTIONS', `--require ${mountPath}/node/register.cjs`)],
  memoryBytesMin: 64 * MiB,
  isNative: false,
}
