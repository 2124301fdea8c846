import { languagesOf, type Plan, type Subject } from './decide.ts'
import { initContainerOf, isDelivered, volumeMount, volumeOf } from './delivery.ts'
import { environmentOf, injectionOf } from './environment.ts'
import type { Pod } from './pod.ts'
import type { InjectionSettings } from './settings.ts'

/** An operation of RFC 6902. */
export interface PatchOperation {
  readonly op: 'add'
  readonly path: string
  readonly value: unknown
}

/** The variables of the containers, and the files before them: none of the first without the second. */
export function patchOfSpec(
  subject: Subject,
  plans: readonly Plan[],
  settings: InjectionSettings,
): readonly PatchOperation[] {
  const { pod } = subject
  const withFiles = plans.filter(({ languages }) => languages.some((language) => language !== 'env'))
  return [
    ...plans.flatMap((plan) => {
      const path = `/spec/${plan.list}/${plan.index}`
      const { container } = plan
      const env = add(`${path}/env`, environmentOf({ ...subject, ...plan }, settings))
      return withFiles.includes(plan)
        ? [env, append(`${path}/volumeMounts`, container.volumeMounts, volumeMount)]
        : [env]
    }),
    ...(withFiles[0] && !isDelivered(pod)
      ? patchOfDelivery(pod, [withFiles[0], ...withFiles.slice(1)], settings)
      : []),
  ]
}

/** After the containers: the init container that is put first moves the others. */
function patchOfDelivery(
  pod: Pod,
  plans: readonly [Plan, ...Plan[]],
  settings: InjectionSettings,
): readonly PatchOperation[] {
  const { spec } = pod
  const isNative = plans.some(({ languages }) =>
    languages.some((language) => injectionOf(language, pod).isNative),
  )
  const delivery = isNative ? 'init-container' : settings.delivery
  const volume = append('/spec/volumes', spec.volumes, volumeOf({ ...settings, delivery }))
  if (delivery === 'image-volume') return [volume]
  const languages = languagesOf(plans).filter((language) => language !== 'env')
  const copies = initContainerOf(settings, plans[0].container, languages)
  return [
    volume,
    spec.initContainers ? add('/spec/initContainers/0', copies) : add('/spec/initContainers', [copies]),
  ]
}

/** A label or an annotation. */
export function patchOfMetadata(
  { metadata }: Pod,
  field: 'labels' | 'annotations',
  [name, value]: readonly [string, string],
): readonly PatchOperation[] {
  const present = metadata[field]
  if (present?.[name] === value) return []
  const path = `/metadata/${field}`
  return [
    present
      ? add(`${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, value)
      : add(path, { [name]: value }),
  ]
}

const add = (path: string, value: unknown): PatchOperation => ({ op: 'add', path, value })
const append = (path: string, list: readonly unknown[] | undefined, value: unknown) =>
  list ? add(`${path}/-`, value) : add(path, [value])
