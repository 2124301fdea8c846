import { errorText } from '../std/assert.ts'
import { type ConfigSources, type ConfigSpec, parseConfig, readText, withFile } from '../std/config.ts'
import { compileRules } from '../wire/rules/compile-rules.ts'
import { ServiceConfig } from './config-schema.ts'

const spec: ConfigSpec<typeof ServiceConfig> = {
  name: 'service',
  schema: ServiceConfig,
  contradiction({ clickhouse: { url, cluster } }) {
    if (url === '' && cluster !== '')
      return 'clickhouse.cluster needs clickhouse.url: the embedded engine is no cluster'
    const isHttp = url === '' || /^https?:$/.test(URL.parse(url)?.protocol ?? '')
    return isHttp ? undefined : `clickhouse.url is not an http address: ${url}`
  },
}

/** Files with secrets are read here, so that what follows needs no disk. */
export function parseServiceConfig(sources: ConfigSources): ServiceConfig {
  const config = withSecrets(parseConfig(spec, sources))
  try {
    compileRules(config.ingest)
  } catch (error) {
    const from = sources.yaml ? ` ${sources.yaml.name}` : ''
    throw new Error(`cannot use the service configuration${from}: ${errorText(error)}`, { cause: error })
  }
  return Object.freeze(config)
}

/** Reads the file, if there is one to read. */
export function loadServiceConfig(options: Parameters<typeof withFile>[1]): ServiceConfig {
  return parseServiceConfig(withFile(spec.name, options))
}

function withSecrets(config: ServiceConfig): ServiceConfig {
  const { clickhouse, accessKeyFile, ingest } = config
  const password = clickhouse.passwordFile
    ? readText('ClickHouse password', clickhouse.passwordFile).trim()
    : clickhouse.password
  const keys = accessKeyFile ? readText('access keys', accessKeyFile).split(/\s+/).filter(Boolean) : []
  // An empty key file must not open the door that its owner meant to lock.
  if (accessKeyFile && keys.length === 0)
    throw new Error(`cannot use the access keys ${accessKeyFile}: it holds no key`)
  const hashKey = ingest.hashKeyFile ? readText('hash key', ingest.hashKeyFile).trim() : ingest.hashKey
  return {
    ...config,
    clickhouse: { ...clickhouse, password },
    accessKeys: [...config.accessKeys, ...keys],
    ingest: { ...ingest, hashKey },
  }
}
