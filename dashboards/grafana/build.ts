import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { renderDashboards } from './dashboards.ts'

/** Writes the dashboards as Grafana imports or provisions them, and into the chart, which can only ship files of its own: `npm run dashboards`. */
const directories = [
  join(import.meta.dirname, 'json'),
  resolve(import.meta.dirname, '../../charts/binnacle/dashboards'),
]
for (const directory of directories) {
  mkdirSync(directory, { recursive: true })
  for (const [file, text] of renderDashboards()) writeFileSync(join(directory, file), text)
}
