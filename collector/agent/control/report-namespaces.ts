import type { ScopeDecision } from '../../record/pod-identity.ts'
import {
  type NamespaceFacts,
  type NamespacesReport,
  namespacesReportedMax,
  type ScopeConfig,
} from '../../record/remote-config.ts'

/** Collected ones first, so that a cluster of more than `namespacesReportedMax` leaves out others; then by name. */
export function reportNamespaces(
  namespaces: readonly (NamespaceFacts & ScopeDecision)[],
  { values, settable }: { readonly values: ScopeConfig; readonly settable: readonly string[] },
): NamespacesReport {
  const told = namespaces
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
    omitted: namespaces.length - told.length,
    values,
    settable,
  }
}
