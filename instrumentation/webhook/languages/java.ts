import { mountPath } from '../names.ts'
import { type LanguageInjection, MiB, option } from './language.ts'

/** https://opentelemetry.io/docs/zero-code/java/agent/: every JVM reads JAVA_TOOL_OPTIONS, also those an application starts. */
export const java: LanguageInjection = {
  variables: [option('JAVA_TOOL_OPTIONS', `-javaagent:${mountPath}/java/opentelemetry-javaagent.jar`)],
  memoryBytesMin: 128 * MiB,
  isNative: false,
}
