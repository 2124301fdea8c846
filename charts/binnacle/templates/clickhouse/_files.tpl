{{/* What is laid over the official image's own configuration. */}}
{{- define "binnacle.clickhouseFiles" -}}
server.xml: |
  <clickhouse>
    <listen_host>0.0.0.0</listen_host>
    <logger>
      <level>information</level>
      <console>1</console>
      <log remove="1"/>
      <errorlog remove="1"/>
    </logger>
    <!-- One server: HTTP alone is spoken to it. -->
    <mysql_port remove="1"/>
    <postgresql_port remove="1"/>
    <interserver_http_port remove="1"/>
    <!-- Its own logs, which have no end by default. -->
    {{- range tuple "query_log" "part_log" "error_log" "metric_log" "asynchronous_metric_log" }}
    <{{ . }}>
      <ttl>event_date + INTERVAL {{ $.Values.clickhouse.bundled.logDays }} DAY DELETE</ttl>
    </{{ . }}>
    {{- end }}
    {{- range tuple "trace_log" "text_log" "query_thread_log" "query_views_log" "processors_profile_log" "query_metric_log" "latency_log" "asynchronous_insert_log" "opentelemetry_span_log" "background_schedule_pool_log" }}
    <{{ . }} remove="1"/>
    {{- end }}
    {{- if .Values.clickhouse.bundled.backups.size }}
    <storage_configuration>
      <disks>
        <backups>
          <type>local</type>
          <path>/backups/</path>
        </backups>
      </disks>
    </storage_configuration>
    <backups>
      <allowed_disk>backups</allowed_disk>
    </backups>
    {{- end }}
  </clickhouse>
users.xml: |
  <clickhouse>
    <users>
      {{- if ne .Values.clickhouse.username "default" }}
      <default remove="remove"/>
      {{- end }}
      <{{ .Values.clickhouse.username }} replace="replace">
        <password from_env="CLICKHOUSE_PASSWORD"/>
        <networks><ip>::/0</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
      </{{ .Values.clickhouse.username }}>
    </users>
  </clickhouse>
{{- end }}
