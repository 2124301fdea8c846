export const languageNames = ['node', 'java', 'python', 'dotnet', 'env'] as const
/** `env`: for applications that have an OpenTelemetry SDK: variables alone, no files. */
export type Language = (typeof languageNames)[number]

/** What is injected, as the configuration has it. */
export interface InjectionSettings {
  /** Of pods whose annotations choose none. */
  readonly languages: readonly Language[]
  readonly image: {
    readonly reference: string
    readonly pullPolicy: string
    /** What it has files for, beside `languages`: a preload or a startup hook that is not there kills the process. */
    readonly languages: readonly Language[]
  }
  /** How the files come into the pod: an init container copies them, or the image is mounted (Kubernetes 1.36). */
  readonly delivery: 'init-container' | 'image-volume'
  /** Where OTLP is sent to. */
  readonly endpoint: string
  readonly protocol: 'http/protobuf' | 'http/json' | 'grpc'
  /** OTEL_PROPAGATORS, OTEL_TRACES_SAMPLER; '': the SDK's own. */
  readonly propagators: string
  readonly sampler: string
  /** Labels app.kubernetes.io/instance and /name name the service before its workload does, as `receive.serviceNameFromLabels` of the agent. */
  readonly serviceNameFromLabels: boolean
  /** Further variables; they win over ours, and the container's win over them. */
  readonly env: Readonly<Record<string, string>>
}

/** A workload whose new pods are left alone: its injected ones crashed. */
export interface SwitchedOff {
  readonly namespace: string
  readonly kind: string
  readonly name: string
  readonly reason: string
}
