interface KeyRef {
  readonly name?: string
  readonly key?: string
  readonly optional?: boolean
}

interface Entry {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string }
    readonly configMapKeyRef?: KeyRef
    readonly secretKeyRef?: KeyRef
  }
}

/**
 * The environment that a kubelet gives a container: entries in their order, `$(NAME)` of what stands before, a reference to
 * nothing as it is written, `$$` for a dollar sign, a missing optional key left out
 * (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
 */
export function containerEnv(
  entries: readonly Entry[],
  {
    fields = {},
    keys = {},
    image = {},
  }: {
    /** By field path, such as metadata.name. */
    readonly fields?: Readonly<Record<string, string>>
    /** Of ConfigMaps and Secrets, as `name/key`. */
    readonly keys?: Readonly<Record<string, string>>
    /** What the image sets itself. */
    readonly image?: Readonly<Record<string, string>>
  } = {},
): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { name, value, valueFrom } of entries) {
    const ref = valueFrom?.configMapKeyRef ?? valueFrom?.secretKeyRef
    if (ref) {
      const found = keys[`${ref.name}/${ref.key}`]
      if (found !== undefined) env[name] = found
      else if (!ref.optional) throw new Error(`CreateContainerConfigError: no ${ref.name}/${ref.key}`)
    } else if (valueFrom?.fieldRef) env[name] = fields[valueFrom.fieldRef.fieldPath] ?? ''
    else env[name] = expand(value ?? '', env)
  }
  return { ...image, ...env }
}

function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (match, name?: string) =>
    match === '$$' ? '$' : (env[name ?? ''] ?? match),
  )
}
