import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'
import { nodes } from './workloads.ts'

/** The nodes; the last one runs short of memory for a minute now and then, which is when it evicts. */
export interface Nodes {
  tick(): void
}

const pressureEveryMs = 240_000
const pressureMs = 60_000

export function createNodes({
  api,
  nowMs,
}: {
  readonly api: FakeKubeApi
  readonly nowMs: () => number
}): Nodes {
  const bornMs = nowMs()
  const pressed = nodes.at(-1) ?? ''
  let isPressed = false
  for (const [index, name] of nodes.entries()) api.create('Node', nodeOf(name, { index, nowMs: bornMs }))
  return {
    tick() {
      const next = (nowMs() - bornMs) % pressureEveryMs >= pressureEveryMs - pressureMs
      if (next === isPressed || !api.get('Node', { name: pressed })) return
      isPressed = next
      api.patch('Node', { name: pressed }, { status: { conditions: conditionsOf(isPressed, nowMs()) } })
    },
  }
}

function nodeOf(
  name: string,
  { index, nowMs }: { readonly index: number; readonly nowMs: number },
): KubeObject {
  const isControlPlane = index === 0
  return {
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': 'simulated.2xlarge',
        'topology.kubernetes.io/zone': `zone-${index + 1}`,
        ...(isControlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {}),
      },
    },
    spec: isControlPlane
      ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'PreferNoSchedule' }] }
      : {},
    status: {
      capacity: { cpu: '8', memory: '16777216Ki', pods: '110', 'ephemeral-storage': '100Gi' },
      allocatable: { cpu: '7800m', memory: '15728640Ki', pods: '110', 'ephemeral-storage': '90Gi' },
      conditions: conditionsOf(false, nowMs),
      addresses: [
        { type: 'InternalIP', address: `10.1.0.${index + 1}` },
        { type: 'Hostname', address: name },
      ],
      nodeInfo: {
        kubeletVersion: 'v1.34.0',
        operatingSystem: 'linux',
        osImage: 'Simulated Linux 1',
        architecture: 'amd64',
      },
    },
  }
}

function conditionsOf(isPressed: boolean, nowMs: number): object[] {
  const lastTransitionTime = new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z')
  const condition = (type: string, status: boolean, reason: string) => ({
    type,
    status: status ? 'True' : 'False',
    reason,
    message: '',
    lastTransitionTime,
  })
  return [
    condition(
      'MemoryPressure',
      isPressed,
      isPressed ? 'KubeletHasInsufficientMemory' : 'KubeletHasSufficientMemory',
    ),
    condition('DiskPressure', false, 'KubeletHasNoDiskPressure'),
    condition('PIDPressure', false, 'KubeletHasSufficientPID'),
    condition('Ready', true, 'KubeletReady'),
  ]
}
