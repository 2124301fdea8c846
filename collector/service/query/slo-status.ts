import type { Slo } from '../../record/slo.ts'
import type { Query } from './query.ts'
import { type Counted, type SloStatus, statusOf } from './slo.ts'
import { type SloBurnRow, type SloStepRow, sloBurnQuery, sloWindowsQuery } from './slo-sql.ts'
import type { Naming } from './transaction-naming.ts'

type Ask = <Row>(query: Query) => Promise<readonly Row[]>
type Defined = Pick<Slo, 'sloId' | 'definition'>

/** What objectives look like at a time, by their id: two questions, however many there are. */
export async function sloStatuses(
  ask: Ask,
  slos: readonly Defined[],
  at: { readonly nowMs: number; readonly naming: Naming },
): Promise<ReadonlyMap<string, SloStatus>> {
  if (slos.length === 0) return new Map()
  const [windows, burns] = await Promise.all([
    ask<SloStepRow>(sloWindowsQuery({ slos, ...at })),
    ask<SloBurnRow>(sloBurnQuery({ slos, ...at })),
  ])
  const windowOf = new Map(windows.map((row) => [row.sloId, row]))
  const burnOf = new Map(burns.map((row) => [row.sloId, row]))
  return new Map(
    slos.map(({ sloId, definition }) => {
      const burn = burnOf.get(sloId)
      return [
        sloId,
        statusOf(definition, {
          window: windowOf.get(sloId) ?? { total: 0, good: 0 },
          m5: counted(burn?.m5),
          m15: counted(burn?.m15),
          h1: counted(burn?.h1),
          h6: counted(burn?.h6),
        }),
      ]
    }),
  )
}

const counted = ([total, good]: readonly [number, number] = [0, 0]): Counted => ({ total, good })
