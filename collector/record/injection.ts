/**
 * How the parts of the injection speak to each other: the webhook writes on pods and reads the list of what is switched off,
 * the agent watches the pods and writes the list, the service and the screens show both.
 */

/** Opt-in of a Namespace (`enabled`), opt-out of a Pod (`disabled`). */
export const injectLabel = 'binnacle.dev/inject'
/** Label of an injected pod: the hash of what was injected. */
export const injectedLabel = 'binnacle.dev/injected'
/** Annotation of every pod that the webhook saw: `injected: node`, or `skipped: <reason>`. */
export const injectionAnnotation = 'binnacle.dev/injection'
/** Of the init container, or of the volume. */
export const injectionContainer = 'binnacle-instrumentation'
/** Where the injected files are in the containers of applications. */
export const injectionPath = '/binnacle/'
/** Key of the ConfigMap that the webhook mounts: a JSON array of SwitchedOff. */
export const switchedOffKey = 'disabled.json'

/** A workload whose new pods are not injected. */
export interface SwitchedOff {
  readonly namespace: string
  readonly kind: string
  readonly name: string
  readonly reason: string
  /** ISO 8601, UTC. */
  readonly at: string
}
