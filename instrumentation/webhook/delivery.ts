import { deliveryName, mountPath } from './names.ts'
import type { Container, Pod, Quantities } from './pod.ts'
import type { InjectionSettings, Language } from './settings.ts'

/** Read-only: nothing of an application is kept beside our files. */
export const volumeMount = { name: deliveryName, mountPath, readOnly: true } as const

type Delivery = Pick<InjectionSettings, 'image' | 'delivery'>

export function volumeOf({ image, delivery }: Delivery): { readonly name: string } {
  return delivery === 'image-volume'
    ? ({
        name: deliveryName,
        image: {
          reference: image.reference,
          ...(image.pullPolicy === '' ? {} : { pullPolicy: image.pullPolicy }),
        },
      } as { readonly name: string })
    : ({ name: deliveryName, emptyDir: { sizeLimit: filesBytesMax } } as { readonly name: string })
}

/** Of all languages together. */
const filesBytesMax = '512Mi'

/**
 * Copies the files, before all other containers. It may do what the application's container may, so that it is allowed where
 * that is (Pod Security `restricted`, SCCs, UIDs); of its privileges it has none. It asks for the CPU and memory that
 * container asks for: the pod as a whole then needs no more, its quality of service stays, and limits and quotas of the
 * namespace that admit the one admit the other.
 */
export function initContainerOf(
  { image }: Delivery,
  application: Container,
  languages: readonly Language[],
): Container {
  return {
    name: deliveryName,
    ...{ image: image.reference },
    ...(image.pullPolicy === '' ? {} : { imagePullPolicy: image.pullPolicy }),
    command: ['/copy', mountPath, ...languages],
    ...{ resources: sameResources(application) },
    volumeMounts: [{ name: deliveryName, mountPath }],
    securityContext: {
      ...pick(application.securityContext ?? {}, identityFields),
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  }
}

const identityFields = [
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'seLinuxOptions',
  'seccompProfile',
  'appArmorProfile',
]
const shared = ['cpu', 'memory', 'ephemeral-storage']

function sameResources({ resources }: Container): { requests?: Quantities; limits?: Quantities } {
  const { requests, limits } = resources ?? {}
  return {
    ...(requests ? { requests: pick(requests, shared) } : {}),
    ...(limits ? { limits: pick(limits, shared) } : {}),
  }
}

function pick<T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))
}

/** Whether the files are in the pod, since we or a template brought them. */
export function isDelivered({ spec }: Pod): boolean {
  const volume = spec.volumes?.find(({ name }) => name === deliveryName)
  const copied = spec.initContainers?.some(({ name }) => name === deliveryName)
  return volume !== undefined && (volume.image !== undefined || copied === true)
}

/** Why the files of a language cannot be brought, as the rest of a sentence. */
export function undeliverable(
  pod: Pod,
  { volumeMounts = [] }: Container,
  language: Language,
): string | undefined {
  const inTheWay = volumeMounts.find(
    ({ mountPath: path }) => path === mountPath || path.startsWith(`${mountPath}/`),
  )
  if (inTheWay) return `${inTheWay.mountPath} is mounted by itself`
  const { volumes = [], initContainers = [], containers } = pod.spec
  const isTaken = [...volumes, ...initContainers, ...containers].some(({ name }) => name === deliveryName)
  if (isTaken && !isDelivered(pod)) return `the name ${deliveryName} is taken`
  const copies = initContainers.find(({ name }) => name === deliveryName)
  return copies && !copies.command?.includes(language)
    ? `the files in the pod are not those of ${language}`
    : undefined
}
