{{- define "binnacle.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Of one of the release's programs: (dict "root" $ "component" "service"). */}}
{{- define "binnacle.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "binnacle.labels" -}}
{{ include "binnacle.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: binnacle
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* (dict "root" $ "image" .Values.image "tag" what to use when none is set). */}}
{{- define "binnacle.imageOf" -}}
{{- $global := .root.Values.global | default dict }}
{{- $registry := .image.registry | default $global.systemDefaultRegistry | default (dig "systemDefaultRegistry" "" ($global.cattle | default dict)) }}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}{{ .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .tag }}{{ end }}
{{- end }}

{{- define "binnacle.image" -}}
{{- $tag := printf "%s%s" .Chart.AppVersion (ternary "-embedded" "" (eq (include "binnacle.mode" .) "embedded")) }}
{{- include "binnacle.imageOf" (dict "root" . "image" .Values.image "tag" $tag) }}
{{- end }}

{{/* Where the data is: external, bundled or embedded. What cannot go together is refused here, once. */}}
{{- define "binnacle.mode" -}}
{{- $clickhouse := .Values.clickhouse }}
{{- if and $clickhouse.url $clickhouse.bundled.enabled }}{{ fail "clickhouse.url and clickhouse.bundled.enabled are both set: set the one that you mean" }}{{ end }}
{{- $mode := ternary "external" (ternary "bundled" "embedded" $clickhouse.bundled.enabled) (ne $clickhouse.url "") }}
{{- if and (eq $mode "embedded") (or (gt (int .Values.replicas) 1) .Values.autoscaling.enabled) }}{{ fail "the embedded engine serves one replica: set clickhouse.url or clickhouse.bundled.enabled to have several" }}{{ end }}
{{- if and (ne $mode "external") $clickhouse.cluster }}{{ fail "clickhouse.cluster needs clickhouse.url: the bundled server and the embedded engine are no cluster" }}{{ end }}
{{- if and (eq $mode "bundled") (not $clickhouse.passwordSecret.name) }}{{ fail "the bundled ClickHouse needs a password: kubectl create secret generic binnacle-clickhouse --from-literal=password=\"$(openssl rand -hex 24)\", and clickhouse.passwordSecret.name=binnacle-clickhouse" }}{{ end }}
{{- if .Values.backup.enabled }}
{{- if eq $mode "embedded" }}{{ fail "backup.enabled needs a ClickHouse server: of the embedded engine, snapshot its volume" }}{{ end }}
{{- if eq (ne .Values.backup.disk "") (ne .Values.backup.s3.url "") }}{{ fail "backup.enabled needs one of backup.disk and backup.s3.url" }}{{ end }}
{{- if and (eq $mode "bundled") .Values.backup.disk (or (ne .Values.backup.disk "backups") (not $clickhouse.bundled.backups.size)) }}{{ fail "the bundled ClickHouse has one disk for backups: backup.disk=backups with clickhouse.bundled.backups.size" }}{{ end }}
{{- end }}
{{- if and .Values.grafana.datasource.enabled (eq $mode "embedded") }}{{ fail "grafana.datasource needs a ClickHouse server: the embedded engine can be reached from its own pod alone" }}{{ end }}
{{- $mode }}
{{- end }}

{{- define "binnacle.clickhouseUrl" -}}
{{- if eq (include "binnacle.mode" .) "bundled" }}http://{{ include "binnacle.fullname" . }}-clickhouse.{{ .Release.Namespace }}.svc:8123{{ else }}{{ .Values.clickhouse.url }}{{ end }}
{{- end }}

{{/* PSS restricted, for pods and for containers. */}}
{{- define "binnacle.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "binnacle.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* A quantity of Kubernetes in MiB: (dict "quantity" … "of" the key it stands at). */}}
{{- define "binnacle.mebibytes" -}}
{{- $text := .quantity }}
{{- if not (kindIs "string" $text) }}{{ $text = $text | int64 | toString }}{{ end }}
{{- if not (regexMatch "^[0-9]+([.][0-9]+)?([KMGT]i|[kMGT])?$" $text) }}{{ fail (printf "%s is no quantity that can be read: %s" .of $text) }}{{ end }}
{{- $unit := regexFind "[A-Za-z]*$" $text }}
{{- $bytes := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- divf (mulf (trimSuffix $unit $text | float64) (get $bytes $unit)) 1048576 | floor | int64 }}
{{- end }}

{{/*
MiB that are the service's own: the memory limit less what the embedded engine takes beside it (a quarter, 1 GiB at least:
collector/embedded/supervise.ts). Three eighths of them are the heap's, an eighth each may wait in requests as they travel and
in blocks that are not committed; the rest is for threads, buffers and Node itself.
*/}}
{{- define "binnacle.ownMebibytes" -}}
{{- $limit := dict "quantity" (dig "limits" "memory" "4Gi" (.Values.resources | default dict)) "of" "resources.limits.memory" | include "binnacle.mebibytes" | int64 }}
{{- if eq (include "binnacle.mode" .) "embedded" }}
{{- if lt $limit 2048 }}{{ fail "resources.limits.memory must be at least 2Gi with the embedded engine" }}{{ end }}
{{- sub $limit (max 1024 (div $limit 4)) }}
{{- else }}
{{- if lt $limit 512 }}{{ fail "resources.limits.memory must be at least 512Mi" }}{{ end }}
{{- $limit }}
{{- end }}
{{- end }}

{{- define "binnacle.waitingBytes" -}}
{{- mul (min 1024 (div (include "binnacle.ownMebibytes" . | int64) 8)) 1048576 }}
{{- end }}

{{/* What the service and the jobs beside it need to reach ClickHouse. */}}
{{- define "binnacle.config.clickhouse" -}}
clickhouse:
  url: {{ include "binnacle.clickhouseUrl" . | quote }}
  {{- if .Values.clickhouse.cluster }}
  cluster: {{ .Values.clickhouse.cluster | quote }}
  insertQuorum: {{ .Values.clickhouse.insertQuorum }}
  {{- end }}
  database: {{ .Values.clickhouse.database }}
  username: {{ .Values.clickhouse.username | quote }}
  {{- if .Values.clickhouse.passwordSecret.name }}
  passwordFile: /etc/binnacle/clickhouse/{{ .Values.clickhouse.passwordSecret.key }}
  {{- end }}
{{- end }}

{{- define "binnacle.config" -}}
listen: {host: 0.0.0.0, port: 8420}
otlp:
  http: {enabled: {{ .Values.otlp.http.enabled }}, port: 4318}
  grpc: {enabled: {{ .Values.otlp.grpc.enabled }}, port: 4317}
notice: {{ .Values.notice | quote }}
{{- if ne (include "binnacle.mode" .) "embedded" }}
{{ include "binnacle.config.clickhouse" . }}
{{- end }}
{{- if .Values.accessKeySecret.name }}
accessKeyFile: /etc/binnacle/access/{{ .Values.accessKeySecret.key }}
{{- end }}
ingest:
  bytesWaitingMax: {{ include "binnacle.waitingBytes" . }}
  inFlightBytesMax: {{ include "binnacle.waitingBytes" . }}
  rules: {{- toYaml .Values.ingest.rules | nindent 4 }}
  {{- if .Values.ingest.hashKeySecret.name }}
  hashKeyFile: /etc/binnacle/hash/{{ .Values.ingest.hashKeySecret.key }}
  {{- end }}
log:
  {{- toYaml .Values.log | nindent 2 }}
{{- end }}

{{/* A volume of one key of a Secret, or nothing: (dict "name" … "secret" {name, key}). */}}
{{- define "binnacle.secretVolume" -}}
{{- if .secret.name -}}
- name: {{ .name }}
  secret: {secretName: {{ .secret.name }}, items: [{key: {{ .secret.key | quote }}, path: {{ .secret.key | quote }}}]}
{{- end }}
{{- end }}

{{- define "binnacle.secretMount" -}}
{{- if .secret.name -}}
- {name: {{ .name }}, mountPath: /etc/binnacle/{{ .name }}, readOnly: true}
{{- end }}
{{- end }}

{{/* The pod of a job that runs one command: (dict "root" $ "component" … "args" […] "env" …). */}}
{{- define "binnacle.jobPod" -}}
{{- $root := .root -}}
metadata:
  labels: {{- include "binnacle.selector" . | nindent 4 }}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- include "binnacle.podSecurity" $root | nindent 4 }}
  containers:
    - name: {{ .component }}
      image: {{ include "binnacle.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: {{- toYaml .args | nindent 8 }}
      {{- with .env }}
      env: {{- toYaml . | nindent 8 }}
      {{- end }}
      resources: {{- toYaml $root.Values.backup.resources | nindent 8 }}
      securityContext: {{- include "binnacle.containerSecurity" $root | nindent 8 }}
      volumeMounts:
        - {name: config, mountPath: /etc/binnacle/config, readOnly: true}
        - {name: tmp, mountPath: /tmp}
        {{- with include "binnacle.secretMount" (dict "name" "clickhouse" "secret" $root.Values.clickhouse.passwordSecret) }}{{ nindent 8 . }}{{ end }}
  volumes:
    - name: config
      configMap: {name: {{ .config | default (printf "%s-jobs" (include "binnacle.fullname" $root)) }}}
    - name: tmp
      emptyDir: {}
    {{- with include "binnacle.secretVolume" (dict "name" "clickhouse" "secret" $root.Values.clickhouse.passwordSecret) }}{{ nindent 4 . }}{{ end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
