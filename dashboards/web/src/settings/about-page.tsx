import type { About } from '@binnacle/collector/api/common'
import { useApi } from '../api.ts'
import { formatDateTime } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { KeyValue } from '../parts/key-value.tsx'
import { Page } from '../parts/page.tsx'

export function AboutPage() {
  const answer = useApi<About>('/about')
  return (
    <Page title="About">
      <AnswerView answer={answer} height={160}>
        {(about) => (
          <Card>
            <KeyValue
              items={[
                ['Version', about.version],
                ['Store', `ClickHouse ${about.store.version}, ${about.store.mode}`],
                ["Service's clock", formatDateTime(about.nowMs)],
                [
                  'API',
                  <a key="api" href="/openapi.json">
                    openapi.json
                  </a>,
                ],
                [
                  'Own metrics',
                  <a key="metrics" href="/metrics">
                    metrics
                  </a>,
                ],
              ]}
            />
          </Card>
        )}
      </AnswerView>
    </Page>
  )
}
