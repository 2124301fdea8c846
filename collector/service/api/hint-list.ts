import type { Range } from '../query/query.ts'
import type { Cells } from '../query/root-cause/cells.ts'
import { narrow } from '../query/root-cause/narrow.ts'
import { type Cause, type Change, rankCauses } from '../query/root-cause/rank.ts'
import {
  describeBlame,
  describeCause,
  describeChange,
  describeKube,
  describeUsage,
} from '../query/root-cause/sentences.ts'
import { nameOfParty } from '../query/root-cause/texts.ts'
import { describeNode } from './flow-map.ts'
import type { Hint, HintEvidence, HintList } from './schema/root-cause.ts'

const hintsMax = 10
/** Of the first hint's score: less is not worth a line. */
const scoreShareMin = 0.01
const symptomsMax = 6
/** Of use, and of events. */
const reasonsMax = 3

/** The causes in words, with what was measured. */
export function toHintList(cells: Cells, reference: Range): HintList {
  const { change, causes } = rankCauses(cells)
  const { window: range, sampled } = cells
  const versionOf = new Map(cells.spans.map((cell) => [cell.pod, cell.version]))
  return {
    range,
    reference,
    sampled,
    change: { ...change, text: describeChange(change) },
    hints: causes
      .filter((cause) => cause.score >= scoreShareMin * (causes[0]?.score ?? 0))
      .slice(0, hintsMax)
      .map((cause, index) => toHint(cause, { rank: index + 1, change, versionOf, fromMs: range.fromMs })),
  }
}

function toHint(
  cause: Cause,
  of: { rank: number; change: Change; versionOf: ReadonlyMap<string, string>; fromMs: number },
): Hint {
  const where = narrow(cause.blames, of.versionOf)
  const { id, type } = describeNode(cause.party)
  const { score, addedMs, addedErrors, changedWay } = cause
  return {
    rank: of.rank,
    node: id,
    type: type === 'client' ? 'external' : type,
    name: nameOfParty(cause.party),
    text: describeCause(cause, of.change, where),
    ...{ score, addedMs, addedErrors, changedWay },
    where: where ? { ...where, names: [...where.names] } : null,
    evidence: evidenceOf(cause, of.fromMs),
  }
}

const noEvidence = {
  ...{ service: '', operation: '', callee: '', pod: '', now: null, usual: null, n: 0 },
  ...{ sigma: null, impact: null, timeMs: null },
}

function evidenceOf(cause: Cause, fromMs: number): HintEvidence[] {
  return [
    ...cause.blames.slice(0, symptomsMax).map((blame): HintEvidence => {
      const { type, service, operation, callee, comparison } = blame.symptom
      const { now, usual, n, sigma } = comparison
      return {
        ...noEvidence,
        ...{
          type,
          text: describeBlame(blame),
          service,
          operation,
          now,
          usual,
          n,
          sigma,
          impact: blame.impact,
        },
        callee: callee === '' ? '' : describeNode(callee).id,
      }
    }),
    ...cause.usage.slice(0, reasonsMax).map((change): HintEvidence => {
      const { service, pod, resource, comparison } = change
      const { now, usual, n, sigma } = comparison
      return {
        ...noEvidence,
        ...{ type: resource, text: describeUsage(change), service, pod, now, usual, n, sigma },
      }
    }),
    ...cause.kube.slice(0, reasonsMax).map((one): HintEvidence => {
      const { service, pod, timeMs, times } = one
      return {
        ...noEvidence,
        ...{ type: 'event', text: describeKube(one, fromMs), service, pod, n: times, timeMs },
      }
    }),
  ]
}
