import type { PodDetail } from '@binnacle/collector/api/clusters'
import { formatAgo } from '../format.ts'
import { explainExit } from './explain-exit.ts'

/** Why a container ended last: the first thing anyone wants to know. */
export function LastCrash({ detail }: { readonly detail: PodDetail }) {
  const crashed = detail.containers.find((one) => one.lastExitCode !== null && one.lastExitCode !== 0)
  if (!crashed || crashed.lastExitCode === null) return null
  const change = detail.changes.find((one) => one.change === 'restart' && one.container === crashed.name)
  const atMs = crashed.lastFinishedMs || change?.timeMs || 0
  const command = `kubectl -n ${detail.pod.namespace} logs --previous ${detail.pod.name} -c ${crashed.name}`
  return (
    <div className="crash">
      <b>
        ✕ {crashed.name} ended with exit code {crashed.lastExitCode}
        {crashed.lastReason && ` (${crashed.lastReason})`}
        {atMs > 0 && `, ${formatAgo(atMs)}`}
      </b>
      <div>{explainExit(crashed.lastExitCode, crashed.lastReason)}</div>
      {change?.message && <pre>{change.message}</pre>}
      <div className="quiet">
        Its last lines: <code>{command}</code>
      </div>
    </div>
  )
}
