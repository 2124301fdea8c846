import type { TransactionRules, TransactionRulesSaved } from '@binnacle/collector/api/transactions'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { ApiError, sendApi, useApi } from '../../api.ts'
import { ApplicationFrame, useApplication } from '../../applications/application-page.tsx'
import { formatCount, formatDateTime, formatPercent } from '../../format.ts'
import { AnswerView } from '../../parts/answer-view.tsx'
import { Card } from '../../parts/card.tsx'
import { timeSearch } from '../../search-params.ts'
import { NameTable, PreviewTable } from './preview-table.tsx'
import { draftOf, type SettingsDraft, settingsOf } from './rule-draft.ts'
import { RuleList } from './rule-list.tsx'
import { ThresholdList } from './threshold-list.tsx'
import { useRulesPreview } from './use-rules-preview.ts'
import '../transactions.css'
import './rules.css'

const pollMs = 15_000
/** While stored minutes are named anew. */
const recomputingPollMs = 2_000

/** How the calls of an application become transactions, from when on they are slow, and what a change would do. */
export function TransactionRulesPage() {
  const application = useApplication()
  const path = `/applications/${encodeURIComponent(application)}/transaction-rules`
  const answer = useApi<TransactionRules>(path)
  const { refetch, data } = answer
  const busy = data !== undefined && data.recomputed.minutes < data.recomputed.of
  useEffect(() => {
    const timer = setInterval(refetch, busy ? recomputingPollMs : pollMs)
    return () => clearInterval(timer)
  }, [refetch, busy])
  return (
    <ApplicationFrame>
      <p className="transaction-head">
        <Link
          to="/applications/$application/transactions"
          params={{ application }}
          search={(previous: Record<string, unknown>) => timeSearch(previous)}
        >
          Transactions
        </Link>
        <span className="quiet">names and thresholds</span>
      </p>
      <AnswerView answer={answer} height={480}>
        {(rules) => <Editor path={path} rules={rules} onSaved={refetch} />}
      </AnswerView>
    </ApplicationFrame>
  )
}

interface Props {
  readonly path: string
  readonly rules: TransactionRules
  readonly onSaved: () => void
}

function Editor({ path, rules, onSaved }: Props) {
  const [base, setBase] = useState({ version: rules.version, text: JSON.stringify(rules.settings) })
  const [draft, setDraft] = useState<SettingsDraft>(() => draftOf(rules.settings))
  const [problem, setProblem] = useState('')
  const [sending, setSending] = useState(false)
  const settings = useMemo(() => settingsOf(draft), [draft])
  const changed = JSON.stringify(settings) !== JSON.stringify(settingsOf(draftOf(JSON.parse(base.text))))
  const { preview, refusal } = useRulesPreview(path, settings)
  // What somebody else has saved is taken over while nothing is being edited here.
  useEffect(() => {
    if (changed || rules.version === base.version) return
    setBase({ version: rules.version, text: JSON.stringify(rules.settings) })
    setDraft(draftOf(rules.settings))
  }, [rules, base, changed])

  async function save() {
    setSending(true)
    setProblem('')
    try {
      const saved = await sendApi<TransactionRulesSaved>('PUT', path, {
        body: { version: base.version, settings },
      })
      setBase({ version: saved.version, text: JSON.stringify(settings) })
      onSaved()
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error))
    }
    setSending(false)
  }
  const undo = () => {
    setBase({ version: rules.version, text: JSON.stringify(rules.settings) })
    setDraft(draftOf(rules.settings))
    setProblem('')
  }

  return (
    <>
      <Progress rules={rules} />
      <div className="rules-grid">
        <div className="rules-column">
          <Card
            title="Rules for names"
            hint="the highest priority is asked first, the first that fits decides"
          >
            <RuleList rules={draft.rules} onChange={(changed) => setDraft({ ...draft, rules: changed })} />
          </Card>
          <Card title="Thresholds">
            <ThresholdList
              thresholds={draft.thresholds}
              onChange={(thresholds) => setDraft({ ...draft, thresholds })}
            />
          </Card>
          <Card title="How many names">
            <label className="rule-max">
              At most{' '}
              <input
                inputMode="numeric"
                placeholder={formatCount(rules.guard.max)}
                value={draft.transactionsMax}
                onChange={(event) =>
                  setDraft({ ...draft, transactionsMax: event.target.value.replace(/\D/g, '') })
                }
              />{' '}
              transactions; {formatCount(rules.guard.known)} are known. Those that come later share “All other
              traffic”.
            </label>
            {rules.guard.pooled.names.length > 0 && (
              <>
                <h3>What it holds, of the last hour</h3>
                <NameTable rows={rules.guard.pooled.names} />
              </>
            )}
          </Card>
        </div>
        <Card title={changed ? 'What the last hour would be named' : 'What the last hour is named'}>
          <PreviewTable preview={preview} refusal={refusal} />
        </Card>
      </div>
      <div className="rules-actions">
        <button
          type="button"
          className="button button-primary"
          disabled={!changed || refusal !== '' || sending}
          onClick={() => void save()}
        >
          Save
        </button>
        <button type="button" className="button" disabled={!changed} onClick={undo}>
          Undo changes
        </button>
        <span className="quiet">Saving names all stored minutes anew; totals stay as they are.</span>
      </div>
      {problem !== '' && (
        <p className="errors" role="alert">
          {problem}
        </p>
      )}
    </>
  )
}

/** Since when the settings hold, and how far stored minutes follow them. */
function Progress({ rules }: { readonly rules: TransactionRules }) {
  const { version, changedAtMs, changedBy, recomputed } = rules
  const share = recomputed.of === 0 ? 1 : recomputed.minutes / recomputed.of
  return (
    <p className="rules-progress" role="status">
      <span>
        {version === 0
          ? 'Nothing is set: names and thresholds are the defaults.'
          : `Version ${version}, set ${formatDateTime(changedAtMs)}${changedBy ? ` from ${changedBy}` : ''}.`}
      </span>
      {share < 1 ? (
        <>
          <progress max={recomputed.of} value={recomputed.minutes} aria-label="Stored minutes named anew" />
          <span>{`${formatCount(recomputed.minutes)} of ${formatCount(recomputed.of)} stored minutes are named by it (${formatPercent(share)}), the newest first.`}</span>
        </>
      ) : (
        recomputed.of > 0 && (
          <span className="quiet">{`All ${formatCount(recomputed.of)} stored minutes are named by it.`}</span>
        )
      )}
    </p>
  )
}
