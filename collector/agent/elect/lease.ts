import type { JsonObject } from '../../record/kube-api.ts'

/** The part of a coordination.k8s.io/v1 Lease that an election is about. */
export interface LeaseRecord {
  /** '': nobody, its last holder gave it back. */
  readonly holder: string
  readonly durationMs: number
  /** As its holder's clock had it: compared for equality only. */
  readonly renewTime: string
  readonly acquireTime: string
  /** How often it has changed hands. */
  readonly transitions: number
  readonly resourceVersion: string
}

export function readLease(object: JsonObject): LeaseRecord {
  const spec = mapOf(object['spec'])
  const seconds = spec['leaseDurationSeconds']
  const transitions = spec['leaseTransitions']
  return {
    holder: textOf(spec['holderIdentity']),
    durationMs: typeof seconds === 'number' ? seconds * 1_000 : 0,
    renewTime: textOf(spec['renewTime']),
    acquireTime: textOf(spec['acquireTime']),
    transitions: typeof transitions === 'number' ? transitions : 0,
    resourceVersion: textOf(mapOf(object['metadata'])['resourceVersion']),
  }
}

export interface LeaseClaim {
  readonly namespace: string
  readonly name: string
  readonly identity: string
  readonly durationMs: number
  readonly nowMs: number
}

/** The object that makes us the holder: renewed where we are it already, else with one more transition. */
export function claimLease(claim: LeaseClaim, present: LeaseRecord | undefined): JsonObject {
  const ours = present?.holder === claim.identity
  const now = microTime(claim.nowMs)
  return leaseObject(claim, present, {
    holderIdentity: claim.identity,
    leaseDurationSeconds: Math.ceil(claim.durationMs / 1_000),
    acquireTime: ours && present.acquireTime !== '' ? present.acquireTime : now,
    renewTime: now,
    leaseTransitions: present ? present.transitions + (ours ? 0 : 1) : 0,
  })
}

/** The object that gives it back: others need not wait for it to run out. */
export function releaseLease(claim: LeaseClaim, present: LeaseRecord): JsonObject {
  const now = microTime(claim.nowMs)
  return leaseObject(claim, present, {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: present.transitions,
  })
}

function leaseObject(
  { namespace, name }: LeaseClaim,
  present: LeaseRecord | undefined,
  spec: JsonObject,
): JsonObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    // With the version that was seen, an update after somebody else's is refused: 409.
    metadata: { namespace, name, ...(present ? { resourceVersion: present.resourceVersion } : {}) },
    spec,
  }
}

/** MicroTime of the API: six digits of a second. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/(\.\d{3})Z$/, '$1000Z')
}

function mapOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
