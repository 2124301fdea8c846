import { injectionAnnotation } from './names.ts'
import type { Container, Pod } from './pod.ts'
import type { Language } from './settings.ts'

/**
 * Who else instruments a pod. Two tracers in one process fight for the same hooks: spans are lost or doubled, JVMs and CLRs
 * may not start. What is seen in commands and options is certain; a variable alone may be a left-over, so a pod whose
 * annotation asks for the language gets it all the same.
 */
export interface Tracer {
  readonly name: string
  /** In a command, or in options. */
  readonly mark: RegExp
  /** Name of a variable. */
  readonly variable?: RegExp
}

export const tracers: readonly Tracer[] = [
  {
    name: 'an OpenTelemetry SDK',
    mark: /@opentelemetry\/|@binnacle\/instrumentation|opentelemetry-(?:javaagent|instrument)|opentelemetry\/instrumentation|OpenTelemetry\.AutoInstrumentation|@azure\/monitor-opentelemetry|@splunk\/otel|@elastic\/opentelemetry|splunk-otel/,
    variable: /^OTEL_(?:EXPORTER_\w+_ENDPOINT|(?:TRACES|METRICS|LOGS)_EXPORTER)$/,
  },
  {
    name: 'Datadog',
    mark: /dd-trace|ddtrace|dd-java-agent|Datadog\.Trace/,
    variable: /^DD_(?:TRACE_\w+|AGENT_HOST|SERVICE)$/,
  },
  {
    name: 'New Relic',
    mark: /newrelic/i,
    variable: /^NEW_RELIC_/,
  },
  { name: 'Elastic APM', mark: /elastic-?apm/, variable: /^ELASTIC_APM_/ },
  { name: 'AppDynamics', mark: /appdynamics/i, variable: /^APPDYNAMICS_/ },
  { name: 'Dynatrace', mark: /oneagent/, variable: /^DT_(?:TENANT|CONNECTION_POINT)/ },
  { name: 'Instana', mark: /@instana\/|instana-/, variable: /^INSTANA_/ },
  {
    name: 'Application Insights',
    mark: /applicationinsights/,
    variable: /^APPLICATIONINSIGHTS_CONNECTION_STRING$/,
  },
  { name: 'Sentry', mark: /@sentry\//, variable: /^SENTRY_DSN$/ },
  { name: 'SkyWalking', mark: /skywalking/, variable: /^SW_AGENT_/ },
  { name: 'Odigos', mark: /\/var\/odigos\//, variable: /^ODIGOS_/ },
]

/** Options that runtimes read, as literal text. */
const optionVariables =
  /^(?:NODE_OPTIONS|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|JAVA_OPTS|CATALINA_OPTS|PYTHONPATH|DOTNET_STARTUP_HOOKS|LD_PRELOAD)$/
/** Agents that read figures and hook nothing. */
const otherJavaAgent = /-javaagent:(?!\S*(?:jmx_prometheus|jolokia|jacoco))\S*/

/** Who instruments the whole pod: other webhooks tell by annotations, labels and init containers. */
export function foreignToPod({ metadata, spec }: Pod): string | undefined {
  const { annotations = {}, labels = {} } = metadata
  const operator = Object.entries(annotations).some(
    ([name, value]) => name.startsWith('instrumentation.opentelemetry.io/inject-') && value !== 'false',
  )
  if (
    operator ||
    spec.initContainers?.some(({ name }) => name.startsWith('opentelemetry-auto-instrumentation'))
  )
    return 'the OpenTelemetry Operator instruments it'
  const datadog = Object.keys(annotations).some((name) => /^admission\.datadoghq\.com\/.+-lib\./.test(name))
  if (datadog || labels['admission.datadoghq.com/enabled'] === 'true') return 'Datadog instruments it'
  return undefined
}

/** Who instruments a container; `isAskedFor`: the pod's annotation wants the language whatever its variables say. */
export function foreignToContainer(
  { command = [], args = [], env = [] }: Container,
  language: Language,
  isAskedFor: boolean,
): string | undefined {
  if (env.some(({ name, value }) => name === 'OTEL_SDK_DISABLED' && value?.toLowerCase() === 'true'))
    return 'OTEL_SDK_DISABLED is true'
  if (language === 'env') return undefined
  const options = env.filter(({ name }) => optionVariables.test(name))
  const words = [...command, ...args, ...options.map(({ value = '' }) => value)].join('\n')
  for (const { name, mark, variable } of tracers) {
    if (mark.test(words)) return `${name} is in it`
    const found = isAskedFor ? undefined : env.find((one) => variable?.test(one.name))
    if (found) return `${name} is in it (${found.name} is set)`
  }
  const javaAgent = language === 'java' ? otherJavaAgent.exec(words)?.[0] : undefined
  return javaAgent && `it has another Java agent (${javaAgent.slice(0, 80)})`
}

/** Pods that a kubelet mirrors from files, and what we said of a pod before. */
export const isMirror = ({ metadata }: Pod) =>
  metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
export const saidBefore = ({ metadata }: Pod) => metadata.annotations?.[injectionAnnotation]
