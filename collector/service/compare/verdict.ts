import {
  type AspectId,
  type Comparison,
  conclusiveCallsMin,
  type JudgedAspect,
  type Outcome,
} from './comparison.ts'
import { isNew } from './exceptions.ts'
import type { JudgedOperation } from './operations.ts'
import type { ShareOfCalls } from './share.ts'
import { aspectWords, percentWords, titles } from './words.ts'

export interface Verdict {
  readonly outcome: Outcome
  /** One sentence, with the reasons in their order. */
  readonly sentence: string
  readonly reasons: readonly Reason[]
  /** What to know before believing it. */
  readonly notes: readonly string[]
}

export interface Reason {
  readonly aspect: AspectId
  /** Empty: of all operations. */
  readonly operation: string
  readonly outcome: Outcome
  readonly text: string
}

interface Findings {
  readonly aspects: readonly JudgedAspect[]
  readonly operations: readonly JudgedOperation[]
  readonly share: ShareOfCalls | null
}

/** Reasons in the order in which someone on call wants to hear them. */
const order: readonly AspectId[] = ['errors', 'exceptions', 'restarts', 'p95', 'p50', 'p99', 'memory', 'cpu']
const latencies: readonly AspectId[] = ['p95', 'p50', 'p99']
/** Without these nothing is called equal or better. */
const needed: readonly AspectId[] = ['p50', 'p95', 'errors']
const operationReasonsMax = 3

export function verdictOf(comparison: Comparison, findings: Findings): Verdict {
  const reasons = [...reasonsOf(comparison, findings, 'worse'), ...reasonsOf(comparison, findings, 'better')]
  const outcome = outcomeOf(findings, reasons)
  return {
    outcome,
    reasons,
    sentence: sentenceOf(comparison, findings, outcome, reasons),
    notes: notesOf(comparison, findings),
  }
}

function outcomeOf({ aspects }: Findings, reasons: readonly Reason[]): Outcome {
  if (reasons.some((one) => one.outcome === 'worse')) return 'worse'
  const known = (id: AspectId) => aspects.find((one) => one.id === id)?.outcome !== 'not-enough-data'
  if (!needed.every(known)) return 'not-enough-data'
  return reasons.length > 0 ? 'better' : 'no-difference'
}

function reasonsOf(comparison: Comparison, { aspects, operations }: Findings, outcome: Outcome): Reason[] {
  const found = aspects
    .filter((one) => one.outcome === outcome)
    .sort((x, y) => order.indexOf(x.id) - order.indexOf(y.id))
  // One figure of latency speaks for the others.
  const latency = found.find((one) => latencies.includes(one.id))
  const ofAll = found
    .filter((one) => !latencies.includes(one.id) || one === latency)
    .map((one): Reason => {
      const text = one.id === 'exceptions' ? exceptionWords(comparison) : aspectWords(one)
      return { aspect: one.id, operation: '', outcome, text }
    })
  if (operations.length < 2) return ofAll
  const said = new Set(found.map((one) => (latencies.includes(one.id) ? 'latency' : one.id)))
  const ofOperations = operations.flatMap(({ pair, aspects: own }) => {
    const changed = own
      .filter((one) => one.outcome === outcome)
      .filter((one) => !said.has(latencies.includes(one.id) ? 'latency' : one.id))
      .sort((x, y) => order.indexOf(x.id) - order.indexOf(y.id))
    const [first] = changed
    return first
      ? [
          {
            aspect: first.id,
            operation: pair.operation,
            outcome,
            text: `${pair.operation}: ${aspectWords(first)}`,
          },
        ]
      : []
  })
  return [...ofAll, ...ofOperations.slice(0, operationReasonsMax)]
}

function exceptionWords({ exceptions, names }: Comparison): string {
  const news = exceptions.filter(isNew).sort((x, y) => y.b - x.b)
  const [first] = news
  const others = news.length > 1 ? `, and ${news.length - 1} more of other kinds` : ''
  return `new exception ${first?.type || 'without a type'} (${Math.round(first?.b ?? 0)} times)${others}, unknown before ${names.b}`
}

function sentenceOf(
  { names: { a, b }, operations }: Comparison,
  { aspects }: Findings,
  outcome: Outcome,
  reasons: readonly Reason[],
): string {
  const texts = (of: Outcome) =>
    reasons
      .filter((one) => one.outcome === of)
      .map((one) => one.text)
      .join('; ')
  const better = texts('better')
  switch (outcome) {
    case 'worse':
      return `${b} is worse than ${a}: ${texts('worse')}${better ? `; but better: ${better}` : ''}.`
    case 'better':
      return `${b} is better than ${a}: ${better}.`
    case 'no-difference': {
      const figures = (['p95', 'errors'] as const).map((id) => aspects.find((one) => one.id === id))
      return `No difference between ${a} and ${b} is to be seen: ${figures.flatMap((one) => (one ? [aspectWords(one)] : [])).join('; ')}.`
    }
    case 'not-enough-data': {
      const calls = (side: 'a' | 'b') =>
        Math.round(operations.reduce((sum, pair) => sum + pair[side].calls, 0))
      const reason = aspects.find((one) => needed.includes(one.id) && one.missing !== '')?.missing
      return `Not enough data to compare ${b} with ${a}: ${calls('a')} calls of ${a}, ${calls('b')} of ${b}${
        reason ? ` (${reason})` : `, ${conclusiveCallsMin} are needed on each side`
      }.`
    }
  }
}

function notesOf(
  { a, b, names, operations, sideBySide }: Comparison,
  { aspects, share }: Findings,
): string[] {
  const notes: string[] = []
  if (share && !share.isAsIntended && share.intended !== null)
    notes.push(
      `${names.b} gets ${percentWords(share.value)} of the calls, but ${percentWords(share.intended)} are intended${
        share.source === 'pods' ? ' by its part of the pods' : ''
      }.`,
    )
  if (!sideBySide) {
    const load = (side: 'a' | 'b', minutes: number) =>
      operations.reduce((sum, pair) => sum + pair[side].calls, 0) / Math.max(minutes, 1e-9)
    const [before, after] = [load('a', a.minutes), load('b', b.minutes)]
    const change = after / Math.max(before, 1e-9) - 1
    notes.push(
      `The sides are of different times${
        Math.abs(change) >= 0.2
          ? `, and the load changed by ${change < 0 ? '−' : '+'}${percentWords(Math.abs(change))}`
          : ''
      }: what else changed then counts too.`,
    )
  }
  const only = (side: 'a' | 'b', other: 'a' | 'b') =>
    operations.filter((pair) => pair[side].calls > 0 && pair[other].calls === 0).map((pair) => pair.operation)
  for (const [name, list] of [
    [names.a, only('a', 'b')],
    [names.b, only('b', 'a')],
  ] as const)
    if (list.length > 0)
      notes.push(
        `Only ${name} was called for ${list.slice(0, 3).join(', ')}${list.length > 3 ? ` and ${list.length - 3} more` : ''}.`,
      )
  if (operations.some((pair) => Math.min(pair.a.worth, pair.b.worth) < 1))
    notes.push('Calls were sampled: figures are extrapolated, tests count what was stored.')
  const unknown = aspects.filter((one) => one.outcome === 'not-enough-data' && !needed.includes(one.id))
  if (unknown.length > 0)
    notes.push(`Too little is known about ${unknown.map((one) => titles[one.id]).join(', ')}.`)
  return notes
}
