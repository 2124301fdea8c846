import type { ApplicationDashboard } from '@binnacle/collector/api/applications'
import type { SloDetail, SloPreview, SloSaved } from '@binnacle/collector/api/slos'
import type { TransactionList } from '@binnacle/collector/api/transactions'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { ApiError, sendApi, useApi, useForgetAnswers } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { formatCount, formatPercent } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { definitionOf, draftOf, newDraft, problemOf, type SloDraft } from './slo-draft.ts'
import { formatShare } from './slo-format.ts'
import './slos.css'

const previewPauseMs = 300
const windows = [7, 28, 30] as const

/** A new objective. */
export function NewSloPage() {
  return (
    <ApplicationFrame>
      <SloForm first={newDraft} sloId="" version={0} />
    </ApplicationFrame>
  )
}

/** A change of one. */
export function EditSloPage() {
  const { sloId = '' } = useParams({ strict: false }) as { sloId?: string }
  const answer = useApi<SloDetail>(`/slos/${encodeURIComponent(sloId)}`)
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={360}>
        {({ slo }) => <SloForm first={draftOf(slo.definition)} sloId={slo.sloId} version={slo.version} />}
      </AnswerView>
    </ApplicationFrame>
  )
}

interface Props {
  readonly first: SloDraft
  /** '' of a new one. */
  readonly sloId: string
  readonly version: number
}

function SloForm({ first, sloId, version }: Props) {
  const application = useApplication()
  const navigate = useNavigate()
  const forget = useForgetAnswers()
  const [draft, setDraft] = useState(first)
  const [refusal, setRefusal] = useState('')
  const [sending, setSending] = useState(false)
  const problem = problemOf(draft)
  const change = (part: Partial<SloDraft>) => setDraft({ ...draft, ...part })

  async function save() {
    setSending(true)
    setRefusal('')
    const definition = definitionOf(application, draft)
    try {
      const saved =
        sloId === ''
          ? await sendApi<SloSaved>('POST', '/slos', { body: definition })
          : await sendApi<SloSaved>('PUT', `/slos/${sloId}`, { body: { version, definition } })
      await navigate({
        to: '/applications/$application/slos/$sloId',
        params: { application, sloId: saved.sloId },
      })
      void forget()
    } catch (error) {
      setRefusal(error instanceof ApiError ? error.message : String(error))
      setSending(false)
    }
  }

  return (
    <Card title={sloId === '' ? 'New objective' : `Change ${first.name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (problem === '') void save()
        }}
      >
        <div className="slo-form">
          <label className="slo-wide">
            Name
            <input
              value={draft.name}
              maxLength={100}
              onChange={(event) => change({ name: event.target.value })}
            />
          </label>
          <Subject application={application} draft={draft} onChange={change} />
          <label>
            A call is good
            <select
              value={draft.objective}
              onChange={(event) =>
                change({ objective: event.target.value === 'latency' ? 'latency' : 'availability' })
              }
            >
              <option value="availability">when it does not fail</option>
              <option value="latency">when it is fast enough</option>
            </select>
          </label>
          <label>
            Milliseconds at most
            <input
              inputMode="decimal"
              disabled={draft.objective !== 'latency'}
              value={draft.objective === 'latency' ? draft.thresholdMs : ''}
              placeholder="of latency only"
              onChange={(event) => change({ thresholdMs: event.target.value })}
            />
          </label>
          <label>
            Target, % of the calls
            <input
              inputMode="decimal"
              value={draft.targetPercent}
              onChange={(event) => change({ targetPercent: event.target.value })}
            />
          </label>
          <label>
            Over the last
            <select
              value={draft.windowDays}
              onChange={(event) =>
                change({ windowDays: windows.find((one) => String(one) === event.target.value) ?? 28 })
              }
            >
              {windows.map((days) => (
                <option key={days} value={days}>
                  {days} days
                </option>
              ))}
            </select>
          </label>
          <label>
            Bad calls before a violation
            <input
              inputMode="numeric"
              value={draft.alertBadCalls}
              title="in one hour (fast burn) or six (slow burn): with few calls a single bad one says little"
              onChange={(event) => change({ alertBadCalls: event.target.value })}
            />
          </label>
        </div>
        <Preview application={application} draft={draft} />
        <p className="slo-actions">
          <button type="submit" className="button button-primary" disabled={problem !== '' || sending}>
            {sloId === '' ? 'Create' : 'Save'}
          </button>
          <span className="quiet">{problem}</span>
        </p>
        {refusal !== '' && (
          <p className="errors" role="alert">
            {refusal}
          </p>
        )}
      </form>
    </Card>
  )
}

interface SubjectProps {
  readonly application: string
  readonly draft: SloDraft
  readonly onChange: (part: Partial<SloDraft>) => void
}

/** Tiers and transactions that are there are offered; others can be typed before they are. */
function Subject({ application, draft, onChange }: SubjectProps) {
  const path = `/applications/${encodeURIComponent(application)}`
  const { data: dashboard } = useApi<ApplicationDashboard>(`${path}/dashboard`, {
    from: 'now-1d',
    compare: 'none',
  })
  const { data: list } = useApi<TransactionList>(`${path}/transactions`, { from: 'now-1d', compare: 'none' })
  const names = (list?.transactions ?? []).filter(({ service }) => service === draft.service)
  return (
    <>
      <label>
        Tier
        <input
          list="slo-tiers"
          value={draft.service}
          placeholder="the whole application"
          onChange={(event) => onChange({ service: event.target.value })}
        />
        <datalist id="slo-tiers">
          {(dashboard?.tiers ?? []).map(({ service }) => (
            <option key={service} value={service} />
          ))}
        </datalist>
      </label>
      <label>
        Transaction
        <input
          list="slo-transactions"
          value={draft.transaction}
          placeholder="all of them"
          onChange={(event) => onChange({ transaction: event.target.value })}
        />
        <datalist id="slo-transactions">
          {names.map(({ transaction }) => (
            <option key={transaction} value={transaction} />
          ))}
        </datalist>
      </label>
    </>
  )
}

/** What would have been, asked once typing pauses. */
function Preview({ application, draft }: { readonly application: string; readonly draft: SloDraft }) {
  const [preview, setPreview] = useState<SloPreview | undefined>()
  const definition = definitionOf(application, { ...draft, name: draft.name.trim() || 'preview' })
  const problem = problemOf({ ...draft, name: 'preview' })
  const text = JSON.stringify(definition)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the definition
  useEffect(() => {
    if (problem !== '') return
    const cancel = new AbortController()
    const timer = setTimeout(() => {
      sendApi<SloPreview>('POST', '/slos/preview', { body: definition, signal: cancel.signal }).then(
        setPreview,
        () => {
          if (!cancel.signal.aborted) setPreview(undefined)
        },
      )
    }, previewPauseMs)
    return () => {
      clearTimeout(timer)
      cancel.abort()
    }
  }, [text, problem])
  if (problem !== '' || preview === undefined) return <p className="quiet">…</p>
  const { lastWeek, status } = preview
  if (lastWeek.total === 0)
    return (
      <p className="quiet">There was no such call in the last 7 days: nothing can be said of the past.</p>
    )
  const kept = (lastWeek.sli ?? 0) >= definition.target
  return (
    <p aria-live="polite">
      The last 7 days would have been <b>{formatShare(lastWeek.sli)}</b> of {formatCount(lastWeek.total)}{' '}
      calls: {kept ? 'the target was kept' : 'the target was missed'}. Of the budget of{' '}
      {definition.windowDays} days{' '}
      {status.budget.left < 0
        ? `${formatPercent(1 - status.budget.left)} would be spent.`
        : `${formatPercent(status.budget.left)} would be left.`}
    </p>
  )
}
