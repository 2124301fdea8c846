import type { KubeApi, KubeError, KubeResource } from '../../record/kube-api.ts'
import type { Project, Projected } from './projected.ts'

export interface Listed<T> {
  readonly type: 'listed'
  readonly objects: T[]
  readonly resourceVersion: string
}

export interface ListFailed {
  readonly type: 'failed'
  readonly error: KubeError
  /** Some of it had come. */
  readonly begun: boolean
}

export interface ListAllRequest<T extends Projected> {
  readonly resource: KubeResource
  readonly namespace?: string
  /** '0' or absent, see ListRequest. */
  readonly resourceVersion?: string
  /** 0: no pages. */
  readonly pageItemsMax: number
  readonly project: Project<T>
  readonly signal: AbortSignal
}

/**
 * Reads a whole collection page by page; every object is projected as it arrives.
 * A page that answers 410 means that its token outlived the server's history: the caller starts again with the newest
 * version, for pages of two different states must not be mixed.
 */
export async function listAll<T extends Projected>(
  client: KubeApi,
  { resource, namespace, resourceVersion, pageItemsMax, project, signal }: ListAllRequest<T>,
): Promise<Listed<T> | ListFailed> {
  const objects: T[] = []
  let begun = false
  for (let continueToken = ''; ; ) {
    const page = await client.list(
      {
        resource,
        ...(namespace === undefined ? {} : { namespace }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(continueToken === '' ? {} : { continueToken }),
        limit: pageItemsMax,
        signal,
      },
      (item) => {
        begun = true
        const object = project(item)
        if (object) objects.push(object)
      },
    )
    if (page.type === 'error') return { type: 'failed', error: page, begun }
    if (page.continueToken === '') return { type: 'listed', objects, resourceVersion: page.resourceVersion }
    continueToken = page.continueToken
  }
}
