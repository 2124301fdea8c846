import type { EventRecord } from '../../record/kube.ts'

export interface EventClass {
  readonly severity: EventRecord['severity']
  readonly category: string
}

/**
 * How an event counts. `error`: something does not run or is lost now. `warning`: it may soon, or it was disturbed.
 * `info`: ordinary life, ends of pods and scaling down included.
 * Reasons and messages: kubernetes/kubernetes pkg/kubelet/events/event.go and the controllers' recorders.
 */
export function classifyEvent(event: {
  readonly type: string
  readonly reason: string
  readonly message: string
}): EventClass {
  return byMessage(event) ?? byReason.get(event.reason) ?? byType(event)
}

/** Reasons that mean different things by their message. */
function byMessage({ reason, message }: { reason: string; message: string }): EventClass | undefined {
  switch (reason) {
    case 'Failed':
    case 'BackOff':
      return { severity: 'error', category: /image/i.test(message) ? 'image' : 'pod' }
    case 'FailedCreate':
      return { severity: 'error', category: /quota/i.test(message) ? 'quota' : 'pod' }
    case 'FailedCreatePodSandBox':
      return { severity: 'error', category: /network|cni|\bip\b/i.test(message) ? 'network' : 'pod' }
    case 'Killing':
      if (/prestop/i.test(message)) return { severity: 'warning', category: 'pod' }
      return /probe/i.test(message)
        ? { severity: 'warning', category: 'probe' }
        : { severity: 'info', category: 'pod' }
    default:
      return undefined
  }
}

function byType({ type, reason }: { type: string; reason: string }): EventClass {
  const troubled = type === 'Warning' || (type !== 'Normal' && /^Failed|Error/.test(reason))
  return { severity: troubled ? 'warning' : 'info', category: 'other' }
}

const table: Readonly<Record<EventClass['severity'], Readonly<Record<string, string>>>> = {
  info: {
    pod: 'Created Started SawCompletedJob Completed NoPods TaintManagerCancelled AddedInterface Resized ResizeCompleted',
    image: 'Pulling Pulled',
    scheduling: 'Scheduled NotTriggerScaleUp Nominated',
    scaling:
      'ScalingReplicaSet SuccessfulCreate SuccessfulDelete SuccessfulRescale TriggeredScaleUp ScaleDown SuccessfulUpdate DeploymentRollback',
    storage:
      'SuccessfulAttachVolume SuccessfulDetachVolume SuccessfulMountVolume SuccessfulUnMountVolume WaitForFirstConsumer WaitForPodScheduled ExternalProvisioning Provisioning ProvisioningSucceeded VolumeResizeSuccessful FileSystemResizeSuccessful ExternalExpanding Resizing VolumePermissionChangeInProgress',
    node: 'NodeReady NodeSchedulable NodeHasNoDiskPressure NodeHasSufficientMemory NodeHasSufficientPID NodeHasSufficientDisk NodeAllocatableEnforced RegisteredNode Starting RemovingNode NodeShutdownCancelled Synced',
    eviction: 'EvictedByVPA EvictionBlocked',
    other: 'LeaderElection',
  },
  warning: {
    pod: 'SandboxChanged FailedPreStopHook UnfinishedPreStopHook ExceededGracePeriod FailedSync FailedDelete TooManyActivePods UnexpectedJob MissSchedule MissingJob ResizeDeferred',
    image: 'ImageGCFailed',
    probe: 'Unhealthy ProbeWarning',
    scheduling: 'Preempting Preempted NodeNotSchedulable',
    scaling:
      'FailedGetResourceMetric FailedGetContainerResourceMetric FailedGetPodsMetric FailedGetObjectMetric FailedGetExternalMetric FailedComputeMetricsReplicas FailedGetScale FailedRescale FailedConvertHPA InvalidMetricSourceType InvalidSelector AmbiguousSelector',
    storage:
      'InvalidDiskCapacity UnsupportedMountOption FailedUnMount FailedUnmount FailedUnmapDevice FailedDetachVolume VolumeFailedDelete VolumeFailedRecycle FailedToCheckVolume',
    node: 'NodeHasDiskPressure NodeHasInsufficientMemory NodeHasMemoryPressure NodeHasInsufficientPID NodeHasPIDPressure Rebooted ContainerGCFailed NodeShutdown DeletingNode DeletingAllPods',
    eviction: 'EvictionThresholdMet TaintManagerEviction FreeDiskSpaceFailed NodeControllerEviction',
    network:
      'DNSConfigForming MissingClusterDNS FailedToUpdateEndpoint FailedToUpdateEndpointSlices FailedToCreateEndpoint UpdatedLoadBalancerFailed',
  },
  error: {
    pod: 'FailedKillPod FailedCreatePodContainer FailedPodSandBoxStatus FailedValidation FailedPostStartHook ErrorReconciliationRetryTimeout BackoffLimitExceeded DeadlineExceeded PodFailurePolicy FailedDaemonPod OOMKilling ReplicaSetCreateError ProgressDeadlineExceeded FailedRestart',
    image: 'ErrImageNeverPull InspectFailed ErrImagePull ImagePullBackOff InvalidImageName',
    quota: 'QuotaExceeded ExceededQuota',
    storage:
      'FailedMount FailedMountOnFilesystemMismatch FailedAttachVolume FailedMapVolume FailedBinding ProvisioningFailed VolumeResizeFailed FileSystemResizeFailed VolumeMismatch ClaimMisbound ClaimLost VolumeConditionAbnormal',
    eviction: 'Evicted InsufficientFreeCPU InsufficientFreeMemory OutOfcpu OutOfmemory OutOfpods',
    scheduling: 'FailedScheduling HostPortConflict NodeSelectorMismatching NodeAffinity ResizeInfeasible',
    node: 'NodeNotReady SystemOOM FailedNodeAllocatableEnforcement KubeletSetupFailed KernelOops TaskHung FilesystemIsReadOnly KernelDeadlock InvalidHostname CheckLimitsForResolvConf FailedCreateMirrorPod',
    network: 'NetworkNotReady SyncLoadBalancerFailed CIDRNotAvailable CIDRAssignmentFailed NetworkFailed',
  },
}

const byReason: ReadonlyMap<string, EventClass> = new Map(
  Object.entries(table).flatMap(([severity, categories]) =>
    Object.entries(categories).flatMap(([category, reasons]) =>
      reasons
        .split(' ')
        .map((reason): [string, EventClass] => [
          reason,
          { severity: severity as EventClass['severity'], category },
        ]),
    ),
  ),
)
