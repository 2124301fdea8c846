import { createRequire } from 'node:module'
import { startOnce } from './start.ts'

startOnce(createRequire(import.meta.url))
