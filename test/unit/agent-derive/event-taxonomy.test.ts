import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { classifyEvent, knownReasons } from '../../../collector/agent/derive/event-taxonomy.ts'

const golden = readFileSync(join(import.meta.dirname, 'event-reasons.golden.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' '))

/** [type, reason, message, severity, category] */
const rows: readonly [string, string, string, string, string][] = [
  // Ordinary life.
  ['Normal', 'Scheduled', 'Successfully assigned shop/web-1 to node-a', 'info', 'scheduling'],
  ['Normal', 'Pulling', 'Pulling image "web:1"', 'info', 'image'],
  ['Normal', 'Pulled', 'Container image "web:1" already present on machine', 'info', 'image'],
  ['Normal', 'Created', 'Created container web', 'info', 'pod'],
  ['Normal', 'Started', 'Started container web', 'info', 'pod'],
  ['Normal', 'NodeReady', 'Node node-a status is now: NodeReady', 'info', 'node'],
  ['Normal', 'SuccessfulAttachVolume', 'AttachVolume.Attach succeeded', 'info', 'storage'],
  ['Normal', 'SuccessfulCreate', 'Created pod: web-1', 'info', 'scaling'],
  ['Normal', 'LeaderElection', 'web became leader', 'info', 'other'],
  // Ends of pods and scaling down are no errors.
  ['Normal', 'Killing', 'Stopping container web', 'info', 'pod'],
  ['Normal', 'ScalingReplicaSet', 'Scaled up replica set web-1 to 3', 'info', 'scaling'],
  ['Normal', 'ScalingReplicaSet', 'Scaled down replica set web-1 to 0', 'info', 'scaling'],
  ['Normal', 'Killing', 'Container web failed liveness probe, will be restarted', 'warning', 'probe'],
  ['Normal', 'Killing', 'FailedPreStopHook', 'warning', 'pod'],
  ['Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods', 'info', 'node'],
  ['Normal', 'NodeHasSufficientMemory', '', 'info', 'node'],
  // By message.
  ['Warning', 'Failed', 'Failed to pull image "web:9": not found', 'error', 'image'],
  ['Warning', 'Failed', 'Error: ErrImagePull', 'error', 'image'],
  ['Warning', 'Failed', 'Error: configmap "web" not found', 'error', 'pod'],
  ['Normal', 'BackOff', 'Back-off pulling image "web:9"', 'error', 'image'],
  ['Warning', 'BackOff', 'Back-off restarting failed container', 'error', 'pod'],
  ['Warning', 'FailedCreate', 'pods "web-1" is forbidden: exceeded quota: small', 'error', 'quota'],
  [
    'Warning',
    'FailedCreate',
    'pods "web-1" is forbidden: violates PodSecurity "restricted"',
    'error',
    'security',
  ],
  ['Warning', 'FailedCreate', 'Error creating: Internal error occurred', 'error', 'pod'],
  ['Warning', 'FailedCreatePodSandBox', 'plugin type="calico" failed: network not ready', 'error', 'network'],
  ['Warning', 'FailedCreatePodSandBox', 'failed to start sandbox: no space left', 'error', 'pod'],
  // Reasons that AppDynamics files under info.
  ['Warning', 'Evicted', 'The node was low on resource: memory', 'error', 'eviction'],
  ['Warning', 'InsufficientFreeCPU', '', 'error', 'eviction'],
  ['Warning', 'InsufficientFreeMemory', '', 'error', 'eviction'],
  ['Warning', 'EvictionThresholdMet', 'Attempting to reclaim memory', 'warning', 'eviction'],
  ['Warning', 'NodeHasDiskPressure', '', 'warning', 'node'],
  ['Normal', 'NodeHasMemoryPressure', '', 'warning', 'node'],
  ['Normal', 'NodeNotReady', 'Node is not ready', 'error', 'node'],
  ['Normal', 'NodeNotSchedulable', '', 'warning', 'scheduling'],
  ['Warning', 'NetworkNotReady', 'network is not ready', 'error', 'network'],
  ['Warning', 'HostPortConflict', '', 'error', 'scheduling'],
  ['Warning', 'ExceededGracePeriod', '', 'warning', 'pod'],
  ['Warning', 'FailedSync', '', 'warning', 'pod'],
  ['Warning', 'FailedValidation', '', 'error', 'pod'],
  ['Warning', 'FailedPostStartHook', '', 'error', 'pod'],
  ['Warning', 'FailedPreStopHook', '', 'warning', 'pod'],
  ['Warning', 'FailedScheduling', '0/3 nodes are available', 'error', 'scheduling'],
  ['Warning', 'OOMKilling', 'Memory cgroup out of memory', 'error', 'pod'],
  ['Warning', 'SystemOOM', 'System OOM encountered', 'error', 'node'],
  ['Warning', 'FailedDaemonPod', 'Found failed daemon pod', 'error', 'pod'],
  // Of its other rows.
  ['Warning', 'ErrImageNeverPull', '', 'error', 'image'],
  ['Warning', 'InspectFailed', 'Failed to apply default image tag', 'error', 'image'],
  ['Warning', 'ImageGCFailed', '', 'warning', 'image'],
  ['Warning', 'FailedKillPod', '', 'error', 'pod'],
  ['Warning', 'FailedCreatePodContainer', '', 'error', 'pod'],
  ['Warning', 'Unhealthy', 'Readiness probe failed: HTTP 503', 'warning', 'probe'],
  ['Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.', 'warning', 'pod'],
  ['Warning', 'ContainerGCFailed', '', 'warning', 'node'],
  ['Warning', 'FailedMount', 'MountVolume.SetUp failed for volume "x"', 'error', 'storage'],
  ['Warning', 'FailedAttachVolume', '', 'error', 'storage'],
  ['Normal', 'FailedBinding', 'no persistent volumes available', 'error', 'storage'],
  ['Warning', 'InvalidDiskCapacity', 'invalid capacity 0 on image filesystem', 'warning', 'storage'],
  ['Warning', 'FreeDiskSpaceFailed', '', 'warning', 'eviction'],
  ['Warning', 'FailedNodeAllocatableEnforcement', '', 'error', 'node'],
  ['Warning', 'Preempting', '', 'warning', 'scheduling'],
  ['Warning', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit', 'error', 'pod'],
  ['Normal', 'Starting', 'Starting kubelet.', 'info', 'node'],
  ['Normal', 'Starting', 'Starting kube-proxy', 'info', 'network'],
  ['Normal', 'TaintManagerEviction', 'Marking for deletion Pod shop/web-1', 'warning', 'eviction'],
  ['Normal', 'TaintManagerEviction', 'Cancelling deletion of Pod shop/web-1', 'info', 'eviction'],
  // Unknown reasons follow the type, which may be neither Normal nor Warning.
  ['Warning', 'Troubled', '', 'warning', 'other'],
  ['Normal', 'Reconciled', '', 'info', 'other'],
  ['', 'FailedSomehow', '', 'warning', 'other'],
  ['Notice', 'Hello', '', 'info', 'other'],
]

describe('classifyEvent', () => {
  test.each(rows)('%s %s "%s" is %s/%s', (type, reason, message, severity, category) => {
    expect(classifyEvent({ type, reason, message, objectKind: 'Pod' })).toEqual({ severity, category })
  })

  test('every reason has its golden row', () => {
    const wrong = golden.filter(([type = '', reason = '', severity, category]) => {
      const got = classifyEvent({ type, reason, message: '', objectKind: '' })
      return got.severity !== severity || got.category !== category
    })
    expect(wrong).toEqual([])
    expect(golden.length).toBeGreaterThanOrEqual(250)
  })

  test('no reason is known without a row', () => {
    const tested = new Set([...golden, ...rows].map(([, reason]) => reason))
    expect(knownReasons.filter((reason) => !tested.has(reason))).toEqual([])
    expect(new Set(golden.map(([, reason]) => reason)).size).toBe(golden.length)
  })

  test('what an operator calls "Failed" of its own object is not a failed pod', () => {
    const of = (type: string, objectKind: string) =>
      classifyEvent({ type, objectKind, reason: 'Failed', message: 'The certificate request has failed' })
    expect(of('Warning', 'Certificate')).toEqual({ severity: 'warning', category: 'other' })
    expect(of('Normal', 'Workflow')).toEqual({ severity: 'info', category: 'other' })
  })
})
