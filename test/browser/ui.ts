import type { Locator, Page } from 'playwright-core'
import type { TestClickHouse } from '../support/clickhouse.ts'
import type { SeedFacts } from '../support/seed.ts'

/** The one running stack that the tests of all screens share. */
export interface Ui {
  /** Opens a path; what the page itself reports as an error is collected. */
  open(
    path: string,
    viewport?: { width: number; height: number },
  ): Promise<{ readonly page: Page; readonly errors: string[] }>
  /** The seeded hour, as parameters of a URL. */
  range(): string
  facts(): SeedFacts
  store(): TestClickHouse['store']
}

/** The text of the cells of each row of the table within. */
export async function cellsOf(within: Locator): Promise<string[][]> {
  const rows = await within.locator('tbody tr').all()
  return Promise.all(rows.map((row) => row.getByRole('cell').allTextContents()))
}
