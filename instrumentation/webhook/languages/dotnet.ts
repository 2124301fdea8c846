import { mountPath } from '../names.ts'
import { type LanguageInjection, literal, MiB, path } from './language.ts'

const root = `${mountPath}/dotnet`
const profiler = (platform: string) => `${root}/${platform}/OpenTelemetry.AutoInstrumentation.Native.so`

/**
 * https://opentelemetry.io/docs/zero-code/dotnet/: a startup hook, and a profiler of which a process has one.
 * The runtime reads the variable of its architecture before the one without
 * (https://learn.microsoft.com/dotnet/core/runtime-config/debugging-profiling).
 */
export function dotnet(libc: 'glibc' | 'musl'): LanguageInjection {
  const platform = libc === 'musl' ? 'linux-musl' : 'linux'
  return {
    variables: [
      literal('CORECLR_ENABLE_PROFILING', '1'),
      literal('CORECLR_PROFILER', '{918728DD-259F-4A6A-AC2B-B85E1B658318}'),
      literal('CORECLR_PROFILER_PATH', profiler(`${platform}-x64`)),
      literal('CORECLR_PROFILER_PATH_ARM64', profiler(`${platform}-arm64`)),
      path('DOTNET_STARTUP_HOOKS', {
        last: `${root}/net/OpenTelemetry.AutoInstrumentation.StartupHook.dll`,
      }),
      path('DOTNET_ADDITIONAL_DEPS', { last: `${root}/AdditionalDeps` }),
      path('DOTNET_SHARED_STORE', { last: `${root}/store` }),
      literal('OTEL_DOTNET_AUTO_HOME', root),
    ],
    memoryBytesMin: 96 * MiB,
    isNative: true,
    refuse({ env = [] }) {
      const taken = env.find(({ name }) => /^CORECLR_(ENABLE_PROFILING|PROFILER)/.test(name))
      return taken && `it has another profiler (${taken.name})`
    },
  }
}
