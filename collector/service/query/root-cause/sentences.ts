import type { Blame } from './blame.ts'
import type { KubeCell } from './cells.ts'
import type { Comparison } from './compare.ts'
import type { Narrowed } from './narrow.ts'
import type { Cause, Change } from './rank.ts'
import type { Symptom } from './symptoms.ts'
import { bytes, cores, digits, list, ms, nameOfParty, percent } from './texts.ts'
import type { UsageChange } from './usage.ts'

/** How the application's requests changed, in one sentence. */
export function describeChange({
  requests,
  usualRequests,
  meanMs,
  usualMs,
  failed,
  usualFailed,
}: Change): string {
  if (requests === 0) return 'No request entered the application in this time.'
  const load =
    usualRequests > 0 ? ` (usually ${digits(usualRequests)} in such a time)` : ' (none in the reference)'
  const share = failed / requests
  const usualShare = usualRequests > 0 ? usualFailed / usualRequests : 0
  return `${digits(requests)} requests${load} took ${ms(meanMs)} on average instead of ${ms(usualMs)}; ${percent(share)} failed instead of ${percent(usualShare)}.`
}

/** Why a party is on the list, in one sentence. */
export function describeCause(cause: Cause, change: Change, where: Narrowed | undefined): string {
  const name = nameOfParty(cause.party)
  const parts = [
    cause.addedMs > 0 &&
      `adds ${ms(cause.addedMs)} to an average request${change.usualMs > 0 ? ` (usually ${ms(change.usualMs)})` : ''}`,
    cause.addedErrors > 0 && `fails ${digits(cause.addedErrors * 100)} times more in 100 requests`,
    cause.changedWay > 0 && `takes another way in ${digits(cause.changedWay * 100)} of 100 requests`,
    ...cause.usage.map(
      (one) => `${one.resource === 'cpu' ? 'uses more CPU' : 'uses more memory'} (${factor(one.comparison)})`,
    ),
    cause.kube.length > 0 && `had ${list([...new Set(cause.kube.map((one) => one.title))], 2)}`,
  ].filter((part) => part !== false)
  return `${name} ${list([...new Set(parts)], 9)}${where ? `, ${describeWhere(where)}` : ''}.`
}

export function describeWhere({ by, names, of, share }: Narrowed): string {
  return `only in ${by} ${list(names)} (${names.length} of ${of}, ${percent(share)} of the calls)`
}

/** What was measured, in one sentence. */
export function describeBlame({ symptom, party }: Blame): string {
  const { comparison: found, service, operation } = symptom
  const callee = nameOfParty(symptom.callee)
  switch (symptom.type) {
    case 'time': {
      if (symptom.callee === '') return `${operation} of ${service}: its own work takes ${times(found)}.`
      const what = symptom.callee.startsWith('tier:')
        ? `beside the work of ${callee} (network, connections, queues)`
        : `for ${callee}`
      return `Calls ${operation} of ${service} take ${times(found)} ${what}.`
    }
    case 'errors': {
      const who =
        symptom.callee === '' ? `${operation} of ${service}` : `Calls ${operation} of ${service} to ${callee}`
      return `${who} fail without a failed child in ${percent(found.now)} of ${digits(found.n)}, usually ${percent(found.usual)}.`
    }
    case 'calls':
      return `${operation} of ${service} calls ${list(symptom.children?.added ?? [])} ${digits(found.now)} times each, usually ${digits(found.usual)}.`
    case 'way':
      return `${operation} of ${service} takes another way in ${percent(found.now)} of ${digits(found.n)}, usually ${percent(found.usual)}${wayText(symptom)}.`
    default:
      return party satisfies string
  }
}

function wayText({ children, service }: Symptom): string {
  const short = (names: readonly string[] = []) =>
    names.map((name) => (name.startsWith(`${service}/`) ? name.slice(service.length + 1) : name))
  const gone = short(children?.gone)
  const added = short(children?.added)
  return `${gone.length > 0 ? `: without ${list(gone)}` : ''}${added.length > 0 ? `${gone.length > 0 ? ', ' : ': '}with ${list(added)}` : ''}`
}

export function describeUsage({ pod, resource, comparison, ofLimit }: UsageChange): string {
  const text = resource === 'cpu' ? cores : bytes
  const limit = ofLimit === undefined ? '' : `, ${percent(ofLimit)} of its limit`
  return `Pod ${pod} uses ${text(comparison.now)} of ${resource === 'cpu' ? 'CPU' : 'memory'} instead of ${text(comparison.usual)}${limit}.`
}

export function describeKube({ title, pod, timeMs, times: count }: KubeCell, fromMs: number): string {
  const before = fromMs - timeMs
  const when = before >= 0 ? `${ms(before)} before the start of this time` : `${ms(-before)} after its start`
  return `${title}${pod ? ` of ${pod}` : ''}${count > 1 ? ` (${count} times)` : ''}, ${when}.`
}

const times = (found: Comparison) =>
  `${ms(found.now)} instead of ${ms(found.usual)}${found.usual > 0 ? ` (${factor(found)})` : ''} in ${digits(found.n)} spans`
const factor = ({ now, usual }: Comparison) => (usual > 0 ? `×${digits(now / usual)}` : 'new')
