import { type ChosenLanguages, chooseContainers, chooseLanguages, isInjected, type Target } from './choose.ts'
import { undeliverable } from './delivery.ts'
import { injectionOf, unkeepable } from './environment.ts'
import { foreignToContainer, foreignToPod, isMirror } from './foreign.ts'
import { injectLabel } from './names.ts'
import type { Pod } from './pod.ts'
import { bytesOf } from './quantity.ts'
import { type InjectionSettings, type Language, languageNames, type SwitchedOff } from './settings.ts'
import { workloadsOf } from './workload.ts'

/** Why something is left as it is: `code` for metrics, of a fixed set; `text` for people. */
export interface Reason {
  readonly code:
    | 'opted-out'
    | 'switched-off'
    | 'windows'
    | 'network'
    | 'instrumented'
    | 'no-language'
    | 'no-container'
    | 'options'
    | 'memory'
    | 'name-taken'
    | 'no-files'
  readonly text: string
}

export type Decision =
  | { readonly type: 'injected'; readonly plans: readonly Plan[]; readonly notes: readonly string[] }
  | { readonly type: 'skipped'; readonly reason: Reason }
  /** Nothing to do, nothing to say: it is injected, or not ours to touch. */
  | { readonly type: 'unchanged' }

/** What one container gets. */
export interface Plan extends Target {
  readonly languages: readonly Language[]
}

export interface Subject {
  readonly pod: Pod
  readonly namespace: string
}

/** What of the settings decides; the rest is what is written. */
export type Policy = Pick<InjectionSettings, 'languages' | 'endpoint' | 'image'>

/** Namespaces of the cluster itself, whatever labels they have. */
const ownNamespaces = ['kube-system', 'kube-public', 'kube-node-lease']

export function decide(subject: Subject, settings: Policy, switchedOff: readonly SwitchedOff[]): Decision {
  const { pod, namespace } = subject
  if (isMirror(pod) || ownNamespaces.includes(namespace)) return { type: 'unchanged' }
  const targets = chooseContainers(pod)
  const decision = decideNew(subject, { targets, settings, switchedOff })
  // On a second look after another webhook, or from a template taken from a running pod.
  return decision.type === 'skipped' && targets.some(({ container }) => isInjected(container))
    ? { type: 'unchanged' }
    : decision
}

function decideNew(
  { pod, namespace }: Subject,
  {
    targets,
    settings,
    switchedOff,
  }: {
    readonly targets: readonly Target[]
    readonly settings: Policy
    readonly switchedOff: readonly SwitchedOff[]
  },
): Decision {
  const chosen = chooseLanguages(pod, settings.languages)
  const reason =
    reasonOfPod({ pod, namespace }, settings, switchedOff) ??
    (chosen.languages.length === 0 ? because('no-language', 'no language is asked for') : undefined) ??
    (targets.length === 0 ? because('no-container', 'no container to instrument') : undefined)
  if (reason) return { type: 'skipped', reason }
  const refusals: { readonly where: string; readonly reason: Reason }[] = []
  const plans = targets.flatMap((target): Plan[] => {
    if (isInjected(target.container)) return []
    const languages = chosen.languages.filter((language) => {
      const refused = hasFiles(language, settings)
        ? reasonOfContainer({ pod, target, language }, chosen)
        : because('no-files', `the image has no files for ${language}`)
      if (refused) refusals.push({ where: `${target.container.name}, ${language}`, reason: refused })
      return !refused
    })
    return languages.length > 0 ? [{ ...target, languages }] : []
  })
  if (plans.length > 0) {
    const notes = refusals.map(({ where, reason: { text } }) => `not in ${where}: ${text}`)
    return { type: 'injected', plans, notes }
  }
  const first = refusals[0]?.reason
  return first ? { type: 'skipped', reason: first } : { type: 'unchanged' }
}

const hasFiles = (language: Language, { image, languages }: Policy) =>
  language === 'env' || image.languages.includes(language) || languages.includes(language)

const because = (code: Reason['code'], text: string): Reason => ({ code, text })

function reasonOfPod(
  { pod, namespace }: Subject,
  { endpoint }: Policy,
  switchedOff: readonly SwitchedOff[],
): Reason | undefined {
  const { metadata, spec } = pod
  if (metadata.labels?.[injectLabel] === 'disabled')
    return because('opted-out', `label ${injectLabel} is disabled`)
  const off = switchedOff.find((one) => one.namespace === namespace && isAbout(one, pod))
  if (off) return because('switched-off', `switched off for ${off.kind} ${off.name}: ${off.reason}`)
  if (spec.os?.name === 'windows' || spec.nodeSelector?.['kubernetes.io/os'] === 'windows')
    return because('windows', 'it runs on Windows')
  const dns = spec.hostNetwork && spec.dnsPolicy !== 'ClusterFirstWithHostNet' ? 'Default' : spec.dnsPolicy
  if (dns === 'Default' && !isAddress(endpoint))
    return because('network', 'the name of the agent is unknown where it runs (hostNetwork or dnsPolicy)')
  const foreign = foreignToPod(pod)
  return foreign === undefined ? undefined : because('instrumented', foreign)
}

function isAbout({ kind, name }: SwitchedOff, pod: Pod): boolean {
  return workloadsOf(pod).some((workload) => workload.name === name && workload.kind === kind)
}

/** Whether nothing has to be resolved to get there. */
const isAddress = (endpoint: string) =>
  /^\w+:\/\/(?:\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])(?:[:/]|$)/i.test(endpoint)

function reasonOfContainer(
  { pod, target, language }: { readonly pod: Pod; readonly target: Target; readonly language: Language },
  { areAskedFor }: ChosenLanguages,
): Reason | undefined {
  const { container } = target
  const foreign = foreignToContainer(container, language, areAskedFor)
  if (foreign) return because('instrumented', foreign)
  const injection = injectionOf(language, pod)
  const refused = injection.refuse?.(container)
  if (refused) return because('instrumented', refused)
  const lost = unkeepable({ pod, container }, language)
  if (lost) return because('options', lost)
  const limit = container.resources?.limits?.['memory']
  const bytes = limit === undefined ? undefined : bytesOf(limit)
  if (bytes !== undefined && bytes < injection.memoryBytesMin)
    return because('memory', `its memory limit ${limit} leaves no room`)
  const undelivered = language === 'env' ? undefined : undeliverable(pod, container, language)
  return undelivered === undefined ? undefined : because('name-taken', undelivered)
}

/** In the order of the configuration's documentation. */
export const languagesOf = (plans: readonly Plan[]): readonly Language[] =>
  languageNames.filter((language) => plans.some(({ languages }) => languages.includes(language)))
