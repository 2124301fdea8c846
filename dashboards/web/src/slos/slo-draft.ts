import type { SloRow } from '@binnacle/collector/api/slos'

type Definition = SloRow['definition']

/** As it is typed: numbers are text until they are sent. */
export interface SloDraft {
  readonly name: string
  readonly service: string
  readonly transaction: string
  readonly objective: Definition['objective']
  readonly thresholdMs: string
  readonly targetPercent: string
  readonly windowDays: Definition['windowDays']
  readonly alertBadCalls: string
}

export const newDraft: SloDraft = {
  name: '',
  service: '',
  transaction: '',
  objective: 'availability',
  thresholdMs: '300',
  targetPercent: '99.9',
  windowDays: 28,
  alertBadCalls: '5',
}

export function draftOf(definition: Definition): SloDraft {
  const { name, service, transaction, objective, thresholdMs, target, windowDays } = definition
  return {
    name,
    service,
    transaction,
    objective,
    thresholdMs: String(thresholdMs || newDraft.thresholdMs),
    // 0.9995 * 100 is 99.95000000000002.
    targetPercent: String(Number((target * 100).toPrecision(8))),
    windowDays,
    alertBadCalls: String(alertBadCallsOf(definition)),
  }
}

/** Objectives of before do not say it. */
export const alertBadCallsOf = ({ alertBadCalls = Number(newDraft.alertBadCalls) }: Definition): number =>
  alertBadCalls

/** What is wrong with what was typed; '' when it can be sent. */
export function problemOf({
  name,
  targetPercent,
  objective,
  thresholdMs,
  service,
  transaction,
  alertBadCalls,
}: SloDraft): string {
  const target = numberOf(targetPercent)
  if (!(target >= 50 && target <= 99.999)) return 'The target is a percentage from 50 to 99.999.'
  if (objective === 'latency' && !(numberOf(thresholdMs) > 0))
    return 'The threshold is a number of milliseconds above 0.'
  const bad = numberOf(alertBadCalls)
  if (!(Number.isInteger(bad) && bad >= 1 && bad <= 1_000_000))
    return 'A violation needs a whole number of bad calls, at least 1.'
  if (transaction.trim() !== '' && service.trim() === '') return 'A transaction needs its tier.'
  return name.trim() === '' ? 'Give it a name.' : ''
}

export function definitionOf(application: string, draft: SloDraft): Definition {
  return {
    name: draft.name.trim(),
    application,
    service: draft.service.trim(),
    transaction: draft.transaction.trim(),
    objective: draft.objective,
    thresholdMs: draft.objective === 'latency' ? numberOf(draft.thresholdMs) : 0,
    target: Number((numberOf(draft.targetPercent) / 100).toPrecision(8)),
    windowDays: draft.windowDays,
    alertBadCalls: numberOf(draft.alertBadCalls),
  }
}

const numberOf = (text: string) => (text.trim() === '' ? Number.NaN : Number(text))
