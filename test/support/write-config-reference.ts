import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configReference } from './config-reference.ts'

writeFileSync(join(import.meta.dirname, '../../docs/configuration.md'), configReference())
