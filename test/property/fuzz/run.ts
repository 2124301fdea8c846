import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import { toJson } from '../wire-model.ts'
import { drawRequest } from './draw-request.ts'
import { createJudge, Disagreement, type Judge } from './judge.ts'
import { mutate } from './mutate.ts'
import { Random, seedOf } from './random.ts'
import { type Style, writeRequest } from './write-request.ts'

export interface FuzzRun {
  readonly seed: number
  /** The first and the last but one input. */
  readonly from: number
  readonly to: number
  readonly signals: readonly OtlpSignal[]
}

export interface FuzzCounts {
  inputs: number
  /** Of them: written otherwise than an encoder would, damaged by mutations, JSON. */
  free: number
  dirty: number
  mutated: number
  json: number
  /** What became of them. */
  rows: number
  rejected: number
  invalid: number
}

/** Requests that share blocks. */
const sealEvery = 16

/** Throws a Disagreement that says how to make the input again. */
export function runFuzz({ seed, from, to, signals }: FuzzRun): FuzzCounts {
  const counts: FuzzCounts = {
    inputs: 0,
    free: 0,
    dirty: 0,
    mutated: 0,
    json: 0,
    rows: 0,
    rejected: 0,
    invalid: 0,
  }
  const judge = createJudge()
  for (let index = from; index < to; index++) {
    const signal = signals[index % signals.length] as OtlpSignal
    try {
      oneInput(judge, signal, new Random(seedOf(seed, index)), counts)
      if (index % sealEvery === sealEvery - 1 || index === to - 1) judge.seal()
    } catch (error) {
      if (!(error instanceof Disagreement)) throw error
      const start = index - (index % sealEvery)
      const again = `--seed ${seed} --from ${start} --to ${index + 1} --signal ${signals.join(',')}`
      throw new Disagreement(`input ${index} (${signal}): ${error.message}\nagain: ${again}`)
    }
  }
  return counts
}

function oneInput(judge: Judge, signal: OtlpSignal, random: Random, counts: FuzzCounts): void {
  const model = drawRequest(random, signal)
  const style: Style = { free: !random.oneIn(5), dirty: random.oneIn(2) }
  const body = writeRequest(model, style, random)
  const mutated = random.oneIn(4)
  const asJson = random.oneIn(8)
  // For splices.
  const other = () => writeRequest(drawRequest(random, signal), style, random)
  counts.inputs++
  if (style.free) counts.free++
  if (style.dirty) counts.dirty++
  if (mutated) counts.mutated++
  const outcome = judge.protobuf(signal, mutated ? mutate(body, other, random) : body)
  if (outcome.type === 'invalid') counts.invalid++
  else {
    counts.rows += outcome.rows.length
    counts.rejected += outcome.rejected
  }
  if (!asJson) return
  counts.json++
  const json = Buffer.from(JSON.stringify(toJson(model)))
  if (mutated)
    judge.json(
      signal,
      mutate(json, () => body, random),
    )
  else judge.json(signal, json, style.dirty ? undefined : outcome)
}
