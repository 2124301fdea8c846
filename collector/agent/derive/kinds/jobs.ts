import { projectMeta } from '../metadata.ts'
import { count, type Json, list, object, text, timeMs } from '../read.ts'
import {
  amounts,
  conditionsOf,
  type Described,
  facts,
  findings,
  reasonText,
  trueCondition,
} from './described.ts'
import { whatRuns } from './workloads.ts'

/** Running, Complete, Failed, Suspended; READY is kubectl's COMPLETIONS. */
export function projectJob(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const { images, version } = whatRuns(meta, spec)
  const conditions = conditionsOf(status)
  const complete = trueCondition(conditions, 'Complete', 'SuccessCriteriaMet')
  const failed = trueCondition(conditions, 'Failed', 'FailureTarget')
  const isSuspended = spec['suspend'] === true
  const finishedAtMs = timeMs(status['completionTime']) || (complete ?? failed)?.sinceMs || 0
  const succeeded = count(status['succeeded'])
  return {
    kind: 'Job',
    ...meta,
    status: complete ? 'Complete' : failed ? 'Failed' : isSuspended ? 'Suspended' : 'Running',
    sinceMs: finishedAtMs || timeMs(status['startTime']),
    fields: {
      reason: failed?.reason ?? '',
      version,
      ready: succeeded,
      desired: typeof spec['completions'] === 'number' ? count(spec['completions']) : 1,
      facts: facts('Job', { images: images.join(', '), suspended: isSuspended ? 'true' : '' }),
      amounts: amounts('Job', {
        active: count(status['active']),
        succeeded,
        failed: count(status['failed']),
        parallelism: typeof spec['parallelism'] === 'number' ? count(spec['parallelism']) : 1,
        startedAtMs: timeMs(status['startTime']),
        finishedAtMs,
      }),
      conditions,
      findings: findings({ 'job-failed': failed && (reasonText(failed) || 'Failed') }),
    },
  }
}

/** Active or Suspended. */
export function projectCronJob(raw: Json): Described | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const { images, version } = whatRuns(meta, object(object(spec['jobTemplate'])['spec']))
  const isSuspended = spec['suspend'] === true
  return {
    kind: 'CronJob',
    ...meta,
    status: isSuspended ? 'Suspended' : 'Active',
    fields: {
      version,
      facts: facts('CronJob', {
        schedule: text(spec['schedule']),
        timeZone: text(spec['timeZone']),
        suspended: isSuspended ? 'true' : '',
        images: images.join(', '),
      }),
      amounts: amounts('CronJob', {
        active: list(status['active']).length,
        lastScheduledAtMs: timeMs(status['lastScheduleTime']),
        lastSucceededAtMs: timeMs(status['lastSuccessfulTime']),
      }),
    },
  }
}
