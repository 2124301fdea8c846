/** A made system of tiers and backends, on which faults are tried whose causes are known. */
export interface Topology {
  /** Entry points with their share of the requests. */
  readonly entries: readonly {
    readonly service: string
    readonly operation: string
    readonly share: number
  }[]
  readonly services: Readonly<Record<string, Service>>
}

export interface Service {
  readonly pods: readonly Pod[]
  readonly operations: Readonly<Record<string, Operation>>
}

export interface Pod {
  readonly name: string
  readonly version: string
  /** Of the tier's calls. */
  readonly share: number
}

export interface Operation {
  /** Median of its own work in ms; log-normal. */
  readonly workMs: number
  readonly calls: readonly Call[]
}

export type Call =
  | { readonly type: 'tier'; readonly service: string; readonly operation: string }
  | { readonly type: 'database' | 'external'; readonly name: string; readonly medianMs: number }
  | { readonly type: 'message'; readonly service: string; readonly operation: string }

const pods = (service: string, count: number): Pod[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `${service}-7c9d-${index}`,
    version: '1.0',
    share: 1 / count,
  }))

/** Nothing like a shop of the public data: a portal of documents, with a queue, two databases and a foreign host. */
export const documents: Topology = {
  entries: [
    { service: 'portal', operation: 'GET /documents/{id}', share: 0.5 },
    { service: 'portal', operation: 'GET /search', share: 0.3 },
    { service: 'portal', operation: 'POST /documents', share: 0.2 },
  ],
  services: {
    portal: {
      pods: pods('portal', 2),
      operations: {
        'GET /documents/{id}': {
          workMs: 3,
          calls: [
            { type: 'tier', service: 'accounts', operation: 'Check' },
            { type: 'tier', service: 'store', operation: 'Read' },
          ],
        },
        'GET /search': {
          workMs: 4,
          calls: [
            { type: 'tier', service: 'accounts', operation: 'Check' },
            { type: 'tier', service: 'index', operation: 'Query' },
          ],
        },
        'POST /documents': {
          workMs: 5,
          calls: [
            { type: 'tier', service: 'accounts', operation: 'Check' },
            { type: 'tier', service: 'store', operation: 'Write' },
            { type: 'tier', service: 'billing', operation: 'Charge' },
          ],
        },
      },
    },
    accounts: {
      pods: pods('accounts', 3),
      operations: {
        Check: { workMs: 1, calls: [{ type: 'database', name: 'mongodb:sessions', medianMs: 0.5 }] },
      },
    },
    store: {
      pods: [
        ...pods('store', 2).map((pod) => ({ ...pod, share: 0.425 })),
        { name: 'store-8e4f-0', version: '1.1', share: 0.15 },
      ],
      operations: {
        Read: {
          workMs: 2,
          calls: [
            { type: 'database', name: 'postgresql:documents', medianMs: 4 },
            { type: 'database', name: 'postgresql:documents', medianMs: 4 },
          ],
        },
        Write: {
          workMs: 3,
          calls: [
            { type: 'database', name: 'postgresql:documents', medianMs: 6 },
            { type: 'message', service: 'thumbnails', operation: 'process uploads' },
          ],
        },
      },
    },
    index: {
      pods: pods('index', 2),
      operations: {
        Query: { workMs: 12, calls: [{ type: 'tier', service: 'store', operation: 'Read' }] },
      },
    },
    billing: {
      pods: pods('billing', 2),
      operations: {
        Charge: {
          workMs: 2,
          calls: [
            { type: 'database', name: 'postgresql:invoices', medianMs: 3 },
            { type: 'external', name: 'bank.example:443', medianMs: 60 },
          ],
        },
      },
    },
    thumbnails: {
      pods: pods('thumbnails', 1),
      operations: { 'process uploads': { workMs: 80, calls: [] } },
    },
  },
}
