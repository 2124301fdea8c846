import type {
  ClusterConfiguration,
  ConfigurationPreview,
  ConfigurationSaved,
} from '@binnacle/collector/api/agent-configuration'
import type { ClusterInjection, InjectionNamespace } from '@binnacle/collector/api/injection'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { ApiError, sendApi, useApi } from '../api.ts'
import { useCluster, useClusterId } from '../clusters/cluster-frame.tsx'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { Page } from '../parts/page.tsx'
import { ConfigureNamespaces } from './configure-namespaces.tsx'
import { ConfigureOutcome } from './configure-outcome.tsx'
import { ConfigureRules } from './configure-rules.tsx'
import { configOf, type Draft, draftOf, isSame } from './draft.ts'
import './configure.css'

const pollMs = 10_000
/** While somebody waits for agents to take what was sent. */
const waitingPollMs = 1_000
const previewPauseMs = 250

/** Which namespaces of a cluster are collected: a switch for each, rules for many, what would change, and what became of it. */
export function ConfigurePage() {
  const clusterId = useClusterId()
  const name = useCluster(clusterId)?.name || clusterId
  const path = `/clusters/${encodeURIComponent(clusterId)}/configuration`
  const answer = useApi<ClusterConfiguration>(path)
  const injection = useApi<ClusterInjection>(`/clusters/${encodeURIComponent(clusterId)}/injection`)
  const { refetch, data } = answer
  const waits = data?.agents.some(({ remote }) => (remote?.version ?? 0) !== data.version) ?? false
  useEffect(() => {
    const timer = setInterval(refetch, waits ? waitingPollMs : pollMs)
    return () => clearInterval(timer)
  }, [refetch, waits])
  return (
    <Page title={`Configure cluster ${name}`} actions={<Link to="/agents">All agents</Link>}>
      <AnswerView answer={answer} height={480}>
        {(configuration) => (
          <Configure
            path={path}
            configuration={configuration}
            injection={injection.data?.namespaces}
            onSaved={refetch}
          />
        )}
      </AnswerView>
    </Page>
  )
}

interface Props {
  readonly path: string
  readonly configuration: ClusterConfiguration
  /** Undefined while it is read. */
  readonly injection: readonly InjectionNamespace[] | undefined
  readonly onSaved: () => void
}

function Configure({ path, configuration, injection, onSaved }: Props) {
  const [base, setBase] = useState(configuration)
  const saved = useMemo(() => draftOf(base.config), [base])
  const [draft, setDraft] = useState<Draft>(saved)
  const [problem, setProblem] = useState('')
  const [sending, setSending] = useState(false)
  const changed = !isSame(draft, saved)
  // What somebody else has saved is taken over while nothing is being edited here.
  useEffect(() => {
    if (changed || configuration.version === base.version) return
    setBase(configuration)
    setDraft(draftOf(configuration.config))
  }, [configuration, base, changed])
  const config = useMemo(() => configOf(base.config, draft), [base, draft])
  const { preview, refusal } = usePreview(path, config, configuration.namespacesAtMs)

  async function apply() {
    setSending(true)
    setProblem('')
    try {
      const outcome = await sendApi<ConfigurationSaved>('PUT', path, {
        body: { version: base.version, config },
      })
      setBase({ ...configuration, config, version: outcome.version })
      setDraft(draftOf(config))
      onSaved()
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error))
    }
    setSending(false)
  }

  return (
    <div className="configure">
      <ConfigureOutcome configuration={configuration} version={base.version} />
      <Card
        title="Namespaces"
        hint={
          configuration.namespacesOmitted > 0
            ? `${configuration.namespacesOmitted} more are not shown: set them by rules`
            : 'Helm values, and the label collect=disabled, keep the upper hand'
        }
      >
        <ConfigureNamespaces
          namespaces={configuration.namespaces}
          injection={injection}
          preview={preview}
          draft={draft}
          onChange={setDraft}
        />
      </Card>
      <div className="grid grid-2">
        <Card title="Rules" hint="names or anchored regular expressions, one a line">
          <ConfigureRules
            draft={draft}
            allowed={configuration.allowed}
            settable={configuration.settable}
            onChange={setDraft}
          />
        </Card>
        <Card title="What would change">
          <Changes preview={preview} refusal={refusal} />
        </Card>
      </div>
      <div className="configure-actions">
        <button
          type="button"
          className="button button-primary"
          disabled={!changed || refusal !== '' || sending}
          onClick={() => void apply()}
        >
          Apply
        </button>
        <button
          type="button"
          className="button"
          disabled={!changed}
          onClick={() => {
            setBase(configuration)
            setDraft(draftOf(configuration.config))
            setProblem('')
          }}
        >
          Undo changes
        </button>
        <span className="quiet">
          There are no users yet: whoever can open this page can apply. The audit log has the address.
        </span>
      </div>
      {problem !== '' && (
        <p className="errors" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

/** Asked once typing pauses, and again when the cluster's namespaces have changed. */
function usePreview(path: string, config: ClusterConfiguration['config'], namespacesAtMs: number) {
  const [preview, setPreview] = useState<ConfigurationPreview | undefined>()
  const [refusal, setRefusal] = useState('')
  const text = JSON.stringify(config)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text stands for the configuration
  useEffect(() => {
    const cancel = new AbortController()
    const timer = setTimeout(() => {
      sendApi<ConfigurationPreview>('POST', `${path}/preview`, {
        body: { config },
        signal: cancel.signal,
      }).then(
        (answer) => {
          setPreview(answer)
          setRefusal('')
        },
        (error: unknown) => {
          if (!cancel.signal.aborted) setRefusal(error instanceof Error ? error.message : String(error))
        },
      )
    }, previewPauseMs)
    return () => {
      clearTimeout(timer)
      cancel.abort()
    }
  }, [path, text, namespacesAtMs])
  return { preview, refusal }
}

function Changes({
  preview,
  refusal,
}: {
  readonly preview: ConfigurationPreview | undefined
  readonly refusal: string
}) {
  if (refusal !== '')
    return (
      <p className="errors" role="alert">
        {refusal}
      </p>
    )
  if (!preview) return <p className="quiet">…</p>
  const { starts, stops, selected, unmatched } = preview
  return (
    <div aria-live="polite">
      {starts.length + stops.length === 0 && <p className="quiet">Nothing: the selection stays as it is.</p>}
      <Decided title={`Collection starts in ${starts.length}`} rows={starts} />
      <Decided title={`Collection stops in ${stops.length}, what is queued of it is dropped`} rows={stops} />
      <p>{selected} namespaces would be collected.</p>
      {unmatched.length > 0 && (
        <p className="configure-note">
          Match no namespace of the cluster now: <code>{unmatched.join(' ')}</code>
        </p>
      )}
    </div>
  )
}

const rowsShown = 100

function Decided({ title, rows }: { readonly title: string; readonly rows: ConfigurationPreview['starts'] }) {
  if (rows.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <ul className="configure-changes">
        {rows.slice(0, rowsShown).map(({ name, reason }) => (
          <li key={name}>
            {name} <span className="quiet">{reason}</span>
          </li>
        ))}
        {rows.length > rowsShown && <li className="quiet">and {rows.length - rowsShown} more</li>}
      </ul>
    </>
  )
}
