import type { ScopeDecision } from '../../record/pod-identity.ts'
import {
  isSettable,
  type NamespaceFacts,
  type NamespacesReport,
  namespacesReportedMax,
  type ScopeConfig,
} from '../../record/remote-config.ts'

/**
 * Where the Helm values let nobody choose namespaces from the UI, names of those that are not collected stay in the cluster.
 * Collected ones first, so that a cluster of more than `namespacesReportedMax` leaves out others; then by name.
 */
export function reportNamespaces(
  namespaces: readonly (NamespaceFacts & ScopeDecision)[],
  { values, settable }: { readonly values: ScopeConfig; readonly settable: readonly string[] },
): NamespacesReport {
  const canChoose = isSettable('namespaces.include', settable)
  const telling = namespaces.filter(({ selected }) => selected || canChoose)
  const told = telling
    .toSorted((a, b) => Number(b.selected) - Number(a.selected) || (a.name < b.name ? -1 : 1))
    .slice(0, namespacesReportedMax)
  return {
    namespaces: told.map(({ name, uid, labels, rancherProject, selected, reason }) => ({
      name,
      uid,
      labels: Object.fromEntries(Object.entries(labels).filter(([key]) => key.startsWith('binnacle.dev/'))),
      rancherProject,
      selected,
      reason,
    })),
    omitted: telling.length - told.length,
    values,
    settable,
  }
}
