import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'

/** The data source that the dashboard's variable `datasource` chooses. */
export const clickHouseSource: DataSourceRef = { type: 'grafana-clickhouse-datasource', uid: '$datasource' }

/** A panel's query as the ClickHouse data source (4.x) stores it. */
export interface ClickHouseQuery extends Dataquery {
  readonly datasource: DataSourceRef
  readonly refId: string
  readonly editorType: 'sql'
  readonly queryType: 'timeseries' | 'table'
  /** 0 time series, 1 table: the older key, which the data source's backend still reads. */
  readonly format: 0 | 1
  readonly rawSql: string
}

/** The SDK has no builder for this data source. */
export class ClickHouseTarget implements Builder<ClickHouseQuery> {
  readonly #rawSql: string
  readonly #queryType: ClickHouseQuery['queryType']
  readonly #refId: string

  constructor(rawSql: string, queryType: ClickHouseQuery['queryType'], refId = 'A') {
    this.#rawSql = rawSql
    this.#queryType = queryType
    this.#refId = refId
  }

  build(): ClickHouseQuery {
    return {
      datasource: clickHouseSource,
      refId: this.#refId,
      editorType: 'sql',
      queryType: this.#queryType,
      format: this.#queryType === 'timeseries' ? 0 : 1,
      rawSql: this.#rawSql,
      _implementsDataqueryVariant() {},
    }
  }
}
