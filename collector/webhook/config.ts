import { type ConfigSources, type ConfigSpec, deepFreeze, parseConfig, withFile } from '../std/config.ts'
import { WebhookConfig } from './config-schema.ts'

const spec: ConfigSpec<typeof WebhookConfig> = {
  name: 'webhook',
  schema: WebhookConfig,
  contradiction({ image, languages, certificates, endpoint, env }) {
    if (image.reference === '' && languages.some((language) => language !== 'env'))
      return 'image.reference must be set: the files come from that image'
    if (!URL.canParse(endpoint)) return `endpoint is not a URL: ${endpoint}`
    const noName = Object.keys(env).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    if (noName !== undefined) return `env has a name that is none of a variable: ${noName}`
    const missing = (['namespace', 'secret', 'service', 'configuration'] as const).find(
      (key) => certificates[key] === '',
    )
    if (certificates.mode === 'self-managed' && missing)
      return `certificates.${missing} must be set when certificates.mode is self-managed`
    return undefined
  },
}

export function parseWebhookConfig(sources: ConfigSources): WebhookConfig {
  return deepFreeze(parseConfig(spec, sources))
}

/** Reads the file, if there is one to read. */
export function loadWebhookConfig(options: Parameters<typeof withFile>[1]): WebhookConfig {
  return parseWebhookConfig(withFile(spec.name, options))
}
