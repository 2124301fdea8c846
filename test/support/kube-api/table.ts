import type { KubeObject } from './objects.ts'

/** PartialObjectMetadata: the metadata alone, as `Accept: …;as=PartialObjectMetadata` asks for. */
export function partialMetadata(object: KubeObject): KubeObject {
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata }
}
