import type { ObjectRow } from '@binnacle/collector/api/objects'
import { useMemo } from 'react'
import { DataTable } from '../parts/data-table.tsx'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import { objectColumns } from './object-columns.tsx'
import { objectKeyText } from './object-key.ts'

/** Objects with the columns of their kind; a row opens beside the list. */
export function ObjectTable({
  clusterId,
  objects,
}: {
  readonly clusterId: string
  readonly objects: readonly ObjectRow[]
}) {
  const { open } = useSearchParams()
  const set = useSetSearch()
  const kind = objects.every((one) => one.kind === objects[0]?.kind) ? objects[0]?.kind : undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: ages are as of the rows
  const columns = useMemo(() => objectColumns(clusterId, kind, Date.now()), [clusterId, kind, objects])
  return (
    <DataTable
      rows={objects}
      rowKey={objectKeyText}
      columns={columns}
      selectedKey={open}
      onOpen={(one) => set({ open: objectKeyText(one) }, { replace: open !== undefined })}
    />
  )
}
