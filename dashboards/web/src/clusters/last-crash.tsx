import type { CrashRow, PodDetail } from '@binnacle/collector/api/clusters'
import { formatAgo, formatCount, formatDateTime } from '../format.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { explainExit } from './explain-exit.ts'

/** Why a container ended last: the first thing anyone wants to know. */
export function LastCrash({ detail }: { readonly detail: PodDetail }) {
  const [crash] = detail.crashes
  if (crash) return <Crash crash={crash} message={messageOf(detail, crash)} />
  // Before the time range: the state of the containers still tells the exit code.
  const ended = detail.containers.find((one) => one.lastExitCode !== null && one.lastExitCode !== 0)
  if (!ended || ended.lastExitCode === null) return null
  return (
    <div className="crash">
      <Headline
        container={ended.name}
        exitCode={ended.lastExitCode}
        reason={ended.lastReason}
        atMs={ended.lastFinishedMs}
      />
      <HowToRead namespace={detail.pod.namespace} pod={detail.pod.name} container={ended.name} />
    </div>
  )
}

function messageOf(detail: PodDetail, crash: CrashRow): string {
  return (
    detail.changes.find((one) => one.change === 'restart' && one.container === crash.container)?.message ?? ''
  )
}

function Crash({ crash, message }: { readonly crash: CrashRow; readonly message: string }) {
  const { namespace, pod, container, exitCode, reason, lastMs, count } = crash
  return (
    <div className="crash">
      <Headline container={container} exitCode={exitCode} reason={reason} atMs={lastMs} />
      {count > 1 && (
        <div className="quiet">{`×${formatCount(count)} in this range, first ${formatDateTime(crash.firstMs)}`}</div>
      )}
      {message && <pre>{message}</pre>}
      {crash.lines ? (
        <CrashLines crash={crash} />
      ) : (
        <HowToRead namespace={namespace} pod={pod} container={container} />
      )}
    </div>
  )
}

interface HeadlineProps {
  readonly container: string
  readonly exitCode: number
  readonly reason: string
  readonly atMs: number
}

function Headline({ container, exitCode, reason, atMs }: HeadlineProps) {
  return (
    <>
      <b>
        ✕ {container} ended with exit code {exitCode}
        {reason && ` (${reason})`}
        {atMs > 0 && `, ${formatAgo(atMs)}`}
      </b>
      {exitCode !== 0 && <div>{explainExit(exitCode, reason)}</div>}
    </>
  )
}

function CrashLines({ crash }: { readonly crash: CrashRow }) {
  return (
    <>
      <div className="quiet">
        {crash.linesMs === crash.lastMs
          ? 'Its last lines'
          : `Last lines of the crash at ${formatDateTime(crash.linesMs)}`}
        {crash.truncated && ', cut at the front'} <CopyButton text={crash.lines} label="Copy the lines" />
      </div>
      <pre className="crash-lines">{crash.lines}</pre>
    </>
  )
}

/** The agent may not read logs unless it is told to. */
function HowToRead(of: { readonly namespace: string; readonly pod: string; readonly container: string }) {
  const command = `kubectl -n ${of.namespace} logs --previous ${of.pod} -c ${of.container}`
  return (
    <div className="quiet">
      Its last lines: <code>{command}</code> (the agent keeps them with <code>crashLogs.enabled</code>)
    </div>
  )
}
