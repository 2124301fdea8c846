import type { LanguageInjection } from './language.ts'

/** For applications with an SDK of their own: where to send, and who they are. */
export const env: LanguageInjection = { variables: [], memoryBytesMin: 0, isNative: false }
