import {
  autoscalersResource,
  claimsResource,
  cronJobsResource,
  daemonSetsResource,
  deploymentsResource,
  jobsResource,
  type KubeResource,
  limitRangesResource,
  resourceQuotasResource,
  statefulSetsResource,
} from '../../../record/kube-api.ts'
import type { Json } from '../read.ts'
import { projectAutoscaler } from './autoscaler.ts'
import { projectClaim } from './claim.ts'
import type { Described } from './described.ts'
import { projectCronJob, projectJob } from './jobs.ts'
import { projectLimitRange, projectResourceQuota } from './quotas.ts'
import { projectDaemonSet, projectDeployment, projectStatefulSet } from './workloads.ts'

export interface WatchedKind {
  readonly resource: KubeResource
  readonly project: (raw: Json) => Described | undefined
}

/** Kinds of a namespace whose objects are told one by one, beside those that need each other: see kube-collection.ts. */
export const watchedKinds: readonly WatchedKind[] = [
  { resource: deploymentsResource, project: projectDeployment },
  { resource: statefulSetsResource, project: projectStatefulSet },
  { resource: daemonSetsResource, project: projectDaemonSet },
  { resource: cronJobsResource, project: projectCronJob },
  { resource: claimsResource, project: projectClaim },
  { resource: autoscalersResource, project: projectAutoscaler },
]

export const jobKind: WatchedKind = { resource: jobsResource, project: projectJob }
export const quotaKind: WatchedKind = { resource: resourceQuotasResource, project: projectResourceQuota }
export const limitRangeKind: WatchedKind = { resource: limitRangesResource, project: projectLimitRange }
