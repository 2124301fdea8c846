import type { HintList } from '../../../collector/service/api/schema/root-cause.ts'
import { type NezhaFault, nezhaApplication } from './nezha.ts'
import type { Product } from './product.ts'

/** Which time is taken for that of the fault, and what it is compared with. */
export interface Setting {
  readonly name: string
  window(fault: NezhaFault): { readonly fromMs: number; readonly toMs: number }
  /** Undefined: the API's default, the hour before. */
  readonly reference: { readonly fromMs: number; readonly toMs: number } | undefined
}

const minuteMs = 60_000
const day = { fromMs: Date.UTC(2022, 7, 22, 3, 50), toMs: Date.UTC(2022, 7, 22, 8) }
const minutes = (fault: NezhaFault, count: number) => ({
  fromMs: fault.startMs,
  toMs: fault.startMs + count * minuteMs,
})

/** Faults last about four minutes. The others of the day are in the reference, with all their faults. */
export const settings: readonly Setting[] = [
  {
    name: 'three minutes from its start, against the rest of the day',
    window: (fault) => minutes(fault, 3),
    reference: day,
  },
  {
    name: 'the whole minutes named, against the rest of the day',
    window: ({ startMs }) => {
      const fromMs = Math.floor(startMs / minuteMs) * minuteMs
      return { fromMs, toMs: fromMs + 4 * minuteMs }
    },
    reference: day,
  },
  {
    name: 'five minutes from its start, against the rest of the day',
    window: (fault) => minutes(fault, 5),
    reference: day,
  },
  {
    name: 'three minutes from its start, against the hour before',
    window: (fault) => minutes(fault, 3),
    reference: undefined,
  },
]

export interface RankedFault {
  readonly fault: NezhaFault
  /** Of the faulty service; 0: not on the list. */
  readonly rank: number
  readonly first: string
  readonly requests: number
  readonly tookMs: number
}

export async function rankFault(
  product: Product,
  { fault, setting, shiftMs }: { fault: NezhaFault; setting: Setting; shiftMs: number },
): Promise<RankedFault> {
  const { fromMs, toMs } = setting.window(fault)
  const { reference } = setting
  const startedMs = performance.now()
  const { hints, change } = await product.get<HintList>(`/applications/${nezhaApplication}/hints`, {
    from: fromMs + shiftMs,
    to: toMs + shiftMs,
    ...(reference
      ? { referenceFrom: reference.fromMs + shiftMs, referenceTo: reference.toMs + shiftMs }
      : {}),
  })
  return {
    fault,
    rank: 1 + hints.findIndex((hint) => hint.type === 'tier' && hint.name === fault.service),
    first: hints[0]?.text ?? '',
    requests: change.requests,
    tookMs: performance.now() - startedMs,
  }
}

export interface Hits {
  readonly faults: number
  readonly first: number
  readonly amongThree: number
}

export function hitsOf(ranked: readonly RankedFault[]): Hits {
  return {
    faults: ranked.length,
    first: ranked.filter(({ rank }) => rank === 1).length,
    amongThree: ranked.filter(({ rank }) => rank >= 1 && rank <= 3).length,
  }
}
