import { mountPath } from '../names.ts'
import { type LanguageInjection, MiB, path } from './language.ts'

const root = `${mountPath}/python`

/**
 * Python runs the `sitecustomize` that it finds first; packages of the application win over ours, which come last
 * (https://opentelemetry.io/docs/zero-code/python/operator/). Without its native code protobuf is several times slower.
 */
export const python: LanguageInjection = {
  variables: [
    path('PYTHONPATH', { first: `${root}/opentelemetry/instrumentation/auto_instrumentation`, last: root }),
  ],
  memoryBytesMin: 64 * MiB,
  isNative: true,
}
