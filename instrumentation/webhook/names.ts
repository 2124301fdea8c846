/** What the injection is called on a pod. */
export const injectLabel = 'binnacle.dev/inject'
/** Label of an injected pod: the hash of what was injected. */
export const injectedLabel = 'binnacle.dev/injected'
/** Annotation of every pod that was looked at. */
export const injectionAnnotation = 'binnacle.dev/injection'
export const containersAnnotation = 'binnacle.dev/inject-containers'
/** `musl`: the C library of the image, where native code is loaded (.NET on Alpine). */
export const libcAnnotation = 'binnacle.dev/libc'
export const languageAnnotation = (language: string) => `binnacle.dev/inject-${language}`
/** Of the volume and of the init container. */
export const deliveryName = 'binnacle-instrumentation'
/** Where the files are in containers. */
export const mountPath = '/binnacle'
/** A container that has this variable has been injected. */
export const podUidVariable = 'BINNACLE_POD_UID'
export const podNameVariable = 'BINNACLE_POD_NAME'
export const nodeNameVariable = 'BINNACLE_NODE_NAME'
