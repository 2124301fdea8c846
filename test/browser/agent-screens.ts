import { expect, test } from 'vitest'
import { agentAttributes } from '../../collector/record/agent.ts'
import type { Ui } from './ui.ts'

/** Agents and what they run with. */
export function agentScreens(ui: Ui): void {
  test('an agent in mode state says that traces are not received, and how much it sends', async () => {
    const { page, errors } = await ui.open('/agents')
    const [agent] = await ui.store().query<{ kibibytes: string }>({
      sql: `SELECT toString(round(toFloat64(description[{key:String}]) / 1024, 1)) AS kibibytes FROM agents FINAL`,
      params: { key: agentAttributes.bytesPerPodHour },
    })
    await page.getByText('the cluster alone (mode state): traces are not received').waitFor()
    await page.getByText(`${agent?.kibibytes} KiB per pod and hour, compressed, over the last hour`).waitFor()
    expect(errors).toEqual([])
    await page.close()
  })
}
