/** Made by `build.ts`: the packages that files outside of the core take from it, by name. */
declare module 'binnacle:shared' {
  export const shared: Readonly<Record<string, unknown>>
}

declare module 'import-in-the-middle/supports-sync-hooks.mjs' {
  export function supportsSyncHooks(): boolean
}

declare module 'import-in-the-middle/create-hook.mjs' {
  type ShouldInclude = (url: string, specifier: string) => boolean
  export function createHook(meta: { url: string }): import('./hooks.ts').EsmHooks & {
    applyOptions(options: { shouldInclude: ShouldInclude }): void
  }
}
