{{- define "binnacle.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 53 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "binnacle.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "binnacle.labels" -}}
{{ include "binnacle.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "binnacle.image" -}}
{{- $registry := .Values.image.registry | default .Values.global.cattle.systemDefaultRegistry }}
{{- if $registry }}{{ $registry }}/{{ end }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Whether the service runs the embedded engine. */}}
{{- define "binnacle.embedded" -}}{{ if not .Values.clickhouse.url }}true{{ end }}{{- end }}

{{- define "binnacle.config" -}}
listen: {host: 0.0.0.0, port: 8420}
otlp:
  http: {enabled: {{ .Values.otlp.http.enabled }}, port: 4318}
  grpc: {enabled: {{ .Values.otlp.grpc.enabled }}, port: 4317}
notice: {{ .Values.notice | quote }}
{{- if .Values.clickhouse.url }}
clickhouse:
  url: {{ .Values.clickhouse.url | quote }}
  database: {{ .Values.clickhouse.database }}
  username: {{ .Values.clickhouse.username | quote }}
  {{- if .Values.clickhouse.passwordSecret.name }}
  passwordFile: /etc/binnacle/clickhouse/{{ .Values.clickhouse.passwordSecret.key }}
  {{- end }}
{{- end }}
{{- if .Values.accessKeySecret.name }}
accessKeyFile: /etc/binnacle/access/{{ .Values.accessKeySecret.key }}
{{- end }}
ingest:
  rules: {{- toYaml .Values.ingest.rules | nindent 4 }}
  {{- if .Values.ingest.hashKeySecret.name }}
  hashKeyFile: /etc/binnacle/hash/{{ .Values.ingest.hashKeySecret.key }}
  {{- end }}
log:
  {{- toYaml .Values.log | nindent 2 }}
{{- end }}
