import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'
import type { Admission } from './admission.ts'
import type { EventSpec, RecordEvent } from './events.ts'
import { cronJobOf, jobOf, ownerOf } from './pod-spec.ts'
import { type CronJobSpec, nodes } from './workloads.ts'

/** CronJobs with Jobs whose one pod runs, ends, and stays `Completed` or `Error` until three newer ones are there. */
export interface Jobs {
  tick(): void
}

const finishedJobsMax = 3
const startMs = 700

interface Run {
  readonly name: string
  readonly endsAtMs: number
  readonly fails: boolean
  isRunning: boolean
}

interface Cron {
  readonly spec: CronJobSpec
  readonly object: KubeObject
  nextAtMs: number
  readonly runs: Run[]
}

export function createJobs(
  specs: readonly CronJobSpec[],
  {
    api,
    record,
    admission,
    nowMs,
    random,
  }: {
    readonly api: FakeKubeApi
    readonly record: RecordEvent
    readonly admission: Admission
    readonly nowMs: () => number
    readonly random: () => number
  },
): Jobs {
  const crons = specs.map(
    (spec): Cron => ({
      spec,
      object: api.create('CronJob', cronJobOf(spec)),
      nextAtMs: nowMs() + Math.round(random() * 10_000),
      runs: [],
    }),
  )
  const iso = () => new Date(nowMs()).toISOString().replace(/\.\d+Z$/, 'Z')
  const normal = (reason: string, message: string, component: string): EventSpec => ({
    type: 'Normal',
    reason,
    message,
    component,
  })

  function start({ spec, object, runs }: Cron): void {
    // The CronJob controller names a Job by the minute; the demo's minutes are shorter.
    const name = `${spec.name}-${Math.floor(nowMs() / 1_000) % 100_000_000}`.slice(0, 60)
    if (api.get('Job', { namespace: spec.namespace, name })) return
    const { status, ...made } = jobOf(spec, object, name)
    const job = api.create('Job', {
      ...made,
      status: { ...(status as object), startTime: iso() },
    } as KubeObject)
    const active = [{ kind: 'Job', name, namespace: spec.namespace }]
    patchCron(spec, { lastScheduleTime: iso(), active })
    const { template } = job['spec'] as { template: { spec: object } }
    const node = nodes[Math.floor(random() * nodes.length)] ?? nodes[0]
    const spawned: KubeObject = {
      metadata: {
        name: `${name}-${Math.floor(random() * 36 ** 5)
          .toString(36)
          .padStart(5, '0')}`,
        namespace: spec.namespace,
        labels: { app: spec.name, 'batch.kubernetes.io/job-name': name },
        ownerReferences: [ownerOf(job)],
      },
      spec: { ...template.spec, nodeName: node },
      status: {
        ...statusOf(spec, { waiting: { reason: 'ContainerCreating' } }, 'Pending'),
        startTime: iso(),
      },
    }
    const pod = api.create('Pod', admission.admit(spawned, { kind: 'CronJob', name: spec.name }))
    record(object, normal('SuccessfulCreate', `Created job ${name}`, 'cronjob-controller'))
    record(job, normal('SuccessfulCreate', `Created pod: ${pod.metadata.name}`, 'job-controller'))
    const where = `${spec.namespace}/${pod.metadata.name}`
    record(pod, normal('Scheduled', `Successfully assigned ${where} to ${node}`, 'default-scheduler'))
    const fails = random() < 1 / spec.failsEach
    runs.push({ name: pod.metadata.name, endsAtMs: nowMs() + spec.takesMs, fails, isRunning: false })
  }

  function patchCron({ namespace, name }: CronJobSpec, status: object): void {
    if (api.get('CronJob', { namespace, name })) api.patch('CronJob', { namespace, name }, { status })
  }

  function advance({ spec }: Cron, run: Run): void {
    const at = { namespace: spec.namespace, name: run.name }
    const pod = api.get('Pod', at)
    if (!pod) return
    const { phase } = pod['status'] as { phase: string }
    if (!run.isRunning && phase === 'Pending' && nowMs() >= run.endsAtMs - spec.takesMs + startMs) {
      run.isRunning = true
      api.patch('Pod', at, { status: statusOf(spec, { running: { startedAt: iso() } }, 'Running') })
      record(pod, { ...normal('Started', `Started container ${spec.name}`, 'kubelet'), container: spec.name })
    } else if (phase === 'Running' && nowMs() >= run.endsAtMs) finish(spec, run, pod)
  }

  function finish(spec: CronJobSpec, run: Run, pod: KubeObject): void {
    const { namespace } = spec
    const [exitCode, reason, phase] = run.fails ? [1, 'Error', 'Failed'] : [0, 'Completed', 'Succeeded']
    const terminated = { exitCode, reason, finishedAt: iso() }
    api.patch('Pod', { namespace, name: run.name }, { status: statusOf(spec, { terminated }, phase) })
    const [owner] = pod.metadata.ownerReferences as { name: string }[]
    const name = owner?.name ?? ''
    if (!api.get('Job', { namespace, name })) return
    const type = run.fails ? 'Failed' : 'Complete'
    patchCron(spec, { active: [], ...(run.fails ? {} : { lastSuccessfulTime: iso() }) })
    const job = api.patch(
      'Job',
      { namespace, name },
      {
        status: {
          active: 0,
          [run.fails ? 'failed' : 'succeeded']: 1,
          ...(run.fails ? {} : { completionTime: iso() }),
          conditions: [
            {
              type,
              status: 'True',
              lastTransitionTime: iso(),
              ...(run.fails
                ? {
                    reason: 'BackoffLimitExceeded',
                    message: 'Job has reached the specified backoff limit',
                  }
                : {}),
            },
          ],
        },
      },
    )
    record(
      job,
      run.fails
        ? {
            type: 'Warning',
            reason: 'BackoffLimitExceeded',
            message: 'Job has reached the specified backoff limit',
            component: 'job-controller',
          }
        : normal('Completed', 'Job completed', 'job-controller'),
    )
  }

  function forgetOldest({ spec: { namespace }, runs }: Cron): void {
    while (runs.length > finishedJobsMax) {
      const gone = runs.shift()
      const pod = gone && api.get('Pod', { namespace, name: gone.name })
      const [owner] = (pod?.metadata.ownerReferences ?? []) as { name: string }[]
      if (owner) api.remove('Job', { namespace, name: owner.name })
      if (pod) api.remove('Pod', { namespace, name: pod.metadata.name })
    }
  }

  return {
    tick() {
      for (const cron of crons) {
        if (!api.get('Namespace', { name: cron.spec.namespace })) continue
        for (const run of cron.runs) advance(cron, run)
        if (nowMs() < cron.nextAtMs) continue
        cron.nextAtMs = nowMs() + cron.spec.everyMs
        start(cron)
        forgetOldest(cron)
      }
    },
  }
}

function statusOf({ name, namespace }: CronJobSpec, state: object, phase: string): object {
  const isRunning = 'running' in state
  const image = `registry.example/${namespace}/${name}:v1`
  return {
    phase,
    qosClass: 'Burstable',
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: isRunning ? 'True' : 'False' },
    ],
    containerStatuses: [
      { name, image, imageID: '', ready: isRunning, restartCount: 0, state, lastState: {} },
    ],
  }
}
