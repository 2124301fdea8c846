import { startOnce } from './start.ts'

startOnce(require)
