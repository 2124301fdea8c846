import type { EventRecord } from '../../record/kube.ts'

export interface EventClass {
  readonly severity: EventRecord['severity']
  readonly category: string
}

/**
 * How an event counts. `error`: something does not run or is lost now. `warning`: it may soon, or it was disturbed.
 * `info`: ordinary life, ends of pods and scaling down included. A reason decides wherever it is known, because its type
 * often does not: NodeNotReady is Normal, and so is the BackOff of an image. One golden row for each reason is in the test.
 * Reasons and messages: kubernetes/kubernetes pkg/kubelet/events/event.go, pkg/controller/volume/events/event.go and the
 * recorders of the other controllers, the scheduler, the node problem detector, the autoscalers and cert-manager.
 */
export function classifyEvent(event: {
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly objectKind: string
}): EventClass {
  return byMessage(event) ?? byReason.get(event.reason) ?? byType(event)
}

/** Reasons that mean different things by their message or object. */
function byMessage({
  reason,
  message,
  objectKind,
}: Parameters<typeof classifyEvent>[0]): EventClass | undefined {
  switch (reason) {
    case 'Failed':
    case 'BackOff':
      // Operators call much else "Failed": what it means is left to its type.
      if (objectKind !== 'Pod') return undefined
      return { severity: 'error', category: /image|pull/i.test(message) ? 'image' : 'pod' }
    case 'FailedCreate':
      if (/quota/i.test(message)) return { severity: 'error', category: 'quota' }
      return { severity: 'error', category: /forbidden|denied/i.test(message) ? 'security' : 'pod' }
    case 'FailedCreatePodSandBox':
      return { severity: 'error', category: /network|cni|\bip\b/i.test(message) ? 'network' : 'pod' }
    case 'Killing':
      if (/prestop/i.test(message)) return { severity: 'warning', category: 'pod' }
      return /probe/i.test(message)
        ? { severity: 'warning', category: 'probe' }
        : { severity: 'info', category: 'pod' }
    case 'Starting':
      return { severity: 'info', category: /kube-proxy/i.test(message) ? 'network' : 'node' }
    case 'TaintManagerEviction':
      // The same reason says that a pod will not be evicted after all.
      return { severity: /cancel/i.test(message) ? 'info' : 'warning', category: 'eviction' }
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
    pod: 'Created Started SawCompletedJob Completed NoPods Resized ResizeStarted ResizeCompleted SuccessCriteriaMet Suspended Resumed SucceededDaemonPod JobAlreadyActive',
    image: 'Pulling Pulled',
    scheduling: 'Scheduled NotTriggerScaleUp Nominated',
    scaling:
      'ScalingReplicaSet SuccessfulCreate SuccessfulDelete SuccessfulRescale DesiredReplicasComputed TriggeredScaleUp ScaledUpGroup ScaleDown ScaleDownEmpty SuccessfulUpdate DeploymentRollback DeploymentRollbackTemplateUnchanged InPlaceResizedByVPA',
    storage:
      'SuccessfulAttachVolume SuccessfulDetachVolume SuccessfulMountVolume SuccessfulUnMountVolume AlreadyMountedVolume WaitForFirstConsumer WaitForPodScheduled ExternalProvisioning Provisioning ProvisioningSucceeded VolumeDelete VolumeRecycled RecyclerPod VolumeResizeSuccessful FileSystemResizeRequired FileSystemResizeSuccessful ExternalExpanding Resizing VolumeModify VolumeModifySuccessful VolumeConditionNormal VolumePermissionChangeInProgress',
    node: 'NodeReady NodeSchedulable NodeHasNoDiskPressure NodeHasSufficientMemory NodeHasSufficientPID NodeHasSufficientDisk NodeAllocatableEnforced RegisteredNode RemovingNode NodeShutdownCancelled Synced',
    eviction: 'EvictedByVPA EvictionBlocked DisruptionBlocked Unconsolidatable',
    network:
      'AddedInterface EnsuringLoadBalancer EnsuredLoadBalancer UpdatedLoadBalancer DeletingLoadBalancer DeletedLoadBalancer LoadBalancerSourceRanges ExternalTrafficPolicy TopologyAwareHintsEnabled Sync AddedOrUpdated RELOAD',
    security:
      'Issuing Generated Requested Reused CertificateIssued Presented DomainVerified OrderCreated KeyPairVerified',
    other: 'LeaderElection',
  },
  warning: {
    pod: 'SandboxChanged FailedPreStopHook UnfinishedPreStopHook ExceededGracePeriod FailedSync FailedDelete FailedUpdate TooManyActivePods TooManySucceededPods UnexpectedJob MissSchedule TooManyMissedTimes MissingJob ResizeDeferred RecreatingFailedPod RecreatingTerminatedPod InvalidEnvironmentVariableNames SelectingAll NoControllers UnmanagedPods CalculateExpectedPodCountFailed MultiplePodDisruptionBudgets OwnerRefInvalidNamespace',
    image: 'ImageGCFailed FailedToRetrieveImagePullSecret',
    probe: 'Unhealthy ProbeWarning',
    scheduling: 'Preempting Preempted NodeNotSchedulable',
    scaling:
      'FailedGetResourceMetric FailedGetContainerResourceMetric FailedGetPodsMetric FailedGetObjectMetric FailedGetExternalMetric FailedComputeMetricsReplicas FailedGetScale FailedRescale FailedUpdateStatus FailedConvertHPA InvalidMetricSourceType InvalidSelector SelectorRequired AmbiguousSelector ScaleUpTimedOut ScaleDownFailed FailedToScaleUpGroup DeploymentRollbackRevisionNotFound',
    storage:
      'InvalidDiskCapacity UnsupportedMountOption FailedUnMount FailedUnmount FailedUnmapDevice FailedDetachVolume VolumeFailedDelete VolumeFailedRecycle ProvisioningCleanupFailed FailedToCheckVolume PossibleMemoryBackedVolumesOnDisk',
    node: 'NodeHasDiskPressure NodeHasInsufficientMemory NodeHasMemoryPressure NodeHasInsufficientPID NodeHasPIDPressure Rebooted ContainerGCFailed NodeShutdown Shutdown DeletingNode DeletingAllPods CgroupV1 NodeSysctlChange FrequentKubeletRestart FrequentContainerdRestart FrequentDockerRestart UnregisterNetDevice SpotInterrupted',
    eviction:
      'EvictionThresholdMet FreeDiskSpaceFailed NodeControllerEviction TerminatingEvictedPod DisruptionTerminating FailedDraining',
    network:
      'CheckLimitsForResolvConf DNSConfigForming MissingClusterDNS FailedToUpdateEndpoint FailedToUpdateEndpointSlices FailedToCreateEndpoint UpdateLoadBalancerFailed UpdatedLoadBalancerFailed DeleteLoadBalancerFailed UnAvailableLoadBalancer TopologyAwareHintsDisabled ClusterIPOutOfRange ClusterIPNotAllocated PortNotAllocated FailedToStartProxierHealthcheck NodeNetworkUnavailable',
    security: 'PolicyViolation',
  },
  error: {
    pod: 'FailedKillPod FailedCreatePodContainer FailedPodSandBoxStatus FailedValidation FailedPostStartHook ErrorReconciliationRetryTimeout BackoffLimitExceeded DeadlineExceeded PodFailurePolicy MaxFailedIndexesExceeded FailedIndexes FailedDaemonPod OOMKilling ReplicaSetCreateError ProgressDeadlineExceeded FailedRestart FailedPrepareDynamicResources ResizeError InvalidSchedule UnparseableSchedule UnParseableCronJobSchedule UnknownTimeZone',
    image: 'ErrImageNeverPull InspectFailed ErrImagePull ImagePullBackOff InvalidImageName',
    quota: 'QuotaExceeded ExceededQuota',
    storage:
      'FailedMount FailedMountOnFilesystemMismatch FailedAttachVolume FailedMapVolume FailedBinding ProvisioningFailed VolumeResizeFailed FileSystemResizeFailed VolumeModifyFailed VolumeMismatch ClaimMisbound ClaimLost VolumeConditionAbnormal VolumeAttachmentStuck',
    eviction: 'Evicted InsufficientFreeCPU InsufficientFreeMemory',
    scheduling:
      'FailedScheduling FailedPlacement HostPortConflict NodePorts NodeSelectorMismatching NodeAffinity OutOfDisk OutOfcpu OutOfmemory OutOfpods ResizeInfeasible UnexpectedAdmissionError TopologyAffinityError PodOSNotSupported PodOSSelectorNodeLabelDoesNotMatch FailedNodeDeclaredFeaturesCheck',
    node: 'NodeNotReady SystemOOM FailedNodeAllocatableEnforcement KubeletSetupFailed KernelOops TaskHung FilesystemIsReadOnly KernelDeadlock DockerHung CorruptDockerOverlay2 InvalidHostname FailedCreateMirrorPod',
    network:
      'NetworkNotReady SyncLoadBalancerFailed ListLoadBalancerFailed CIDRNotAvailable CIDRAssignmentFailed NetworkFailed FailedToCreateRoute HostNetworkNotSupported NilShaper PortAlreadyAllocated',
    security: 'SysctlForbidden AppArmor ErrInitIssuer IssuerNotFound PresentError BadConfig',
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

/** Every reason that is known by name, or whose message decides. */
export const knownReasons: readonly string[] = [
  ...byReason.keys(),
  'Failed',
  'BackOff',
  'FailedCreate',
  'FailedCreatePodSandBox',
  'Killing',
  'Starting',
  'TaintManagerEviction',
]
