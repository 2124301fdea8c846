/** The parts of a Pod that are read; what else is in it is left as it is. */
export interface Pod {
  readonly metadata: {
    readonly name?: string
    readonly generateName?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly Owner[]
  }
  readonly spec: {
    readonly containers: readonly Container[]
    readonly initContainers?: readonly Container[]
    readonly volumes?: readonly { readonly name: string; readonly image?: object }[]
    readonly hostNetwork?: boolean
    readonly dnsPolicy?: string
    readonly os?: { readonly name: string }
    readonly nodeSelector?: Readonly<Record<string, string>>
  }
}

export interface Owner {
  readonly kind: string
  readonly name: string
  readonly controller?: boolean
}

export interface Container {
  readonly name: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly EnvVar[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly resources?: { readonly requests?: Quantities; readonly limits?: Quantities }
  readonly securityContext?: Readonly<Record<string, unknown>>
}

export type Quantities = Readonly<Record<string, string | number>>

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string }
    readonly configMapKeyRef?: { readonly optional?: boolean }
    readonly secretKeyRef?: { readonly optional?: boolean }
  }
}

type Check = (value: unknown) => boolean
const text: Check = (value) => typeof value === 'string'
const flag: Check = (value) => typeof value === 'boolean'
const quantity: Check = (value) => typeof value === 'string' || typeof value === 'number'
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const mapOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check)
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]))

const reference = maybe(shape({ optional: maybe(flag) }))
const container = shape({
  name: text,
  command: maybe(listOf(text)),
  args: maybe(listOf(text)),
  env: maybe(
    listOf(
      shape({
        name: text,
        value: maybe(text),
        valueFrom: maybe(
          shape({ fieldRef: maybe(shape({})), configMapKeyRef: reference, secretKeyRef: reference }),
        ),
      }),
    ),
  ),
  volumeMounts: maybe(listOf(shape({ name: text, mountPath: text }))),
  resources: maybe(shape({ requests: maybe(mapOf(quantity)), limits: maybe(mapOf(quantity)) })),
  securityContext: maybe(shape({})),
})
const pod = shape({
  metadata: shape({
    name: maybe(text),
    generateName: maybe(text),
    labels: maybe(mapOf(text)),
    annotations: maybe(mapOf(text)),
    ownerReferences: maybe(listOf(shape({ kind: text, name: text, controller: maybe(flag) }))),
  }),
  spec: shape({
    containers: listOf(container),
    initContainers: maybe(listOf(container)),
    volumes: maybe(listOf(shape({ name: text }))),
    hostNetwork: maybe(flag),
    dnsPolicy: maybe(text),
    os: maybe(shape({ name: text })),
    nodeSelector: maybe(mapOf(text)),
  }),
})

/** Whether it has the shape that API servers give pods: what else comes here is left alone. */
export function isPod(value: unknown): value is Pod {
  return pod(value)
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
