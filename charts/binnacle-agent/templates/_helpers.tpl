{{- define "binnacle-agent.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 53 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "binnacle-agent.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "binnacle-agent.labels" -}}
{{ include "binnacle-agent.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "binnacle-agent.image" -}}
{{- $registry := .Values.image.registry | default .Values.global.cattle.systemDefaultRegistry }}
{{- if $registry }}{{ $registry }}/{{ end }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The agent's own configuration file: the values that are its keys, and what the chart decides for it. */}}
{{- define "binnacle-agent.config" -}}
{{ include "binnacle-agent.config.restart" . }}
{{ include "binnacle-agent.config.hot" . }}
{{- end }}

{{/* Keys that count without a restart: the kubelet swaps the file within a minute or so, and the agent reads it again. */}}
{{- define "binnacle-agent.config.hot" -}}
namespaces:
  {{- toYaml .Values.namespaces | nindent 2 }}
control:
  {{- toYaml .Values.control | nindent 2 }}
scrape:
  {{- toYaml .Values.scrape | nindent 2 }}
log:
  {{- toYaml .Values.log | nindent 2 }}
{{- end }}

{{/* The others: a change of them restarts the pods. */}}
{{- define "binnacle-agent.config.restart" -}}
cluster:
  name: {{ .Values.cluster.name | default .Values.global.cattle.clusterName | quote }}
  id: {{ .Values.cluster.id | quote }}
service:
  endpoint: {{ .Values.service.endpoint | quote }}
  {{- if .Values.service.accessKeySecret.name }}
  accessKeyFile: /etc/binnacle/access/{{ .Values.service.accessKeySecret.key }}
  {{- end }}
watch:
  {{- toYaml .Values.watch | nindent 2 }}
receive:
  host: 0.0.0.0
  {{- toYaml .Values.receive | nindent 2 }}
admin:
  host: 0.0.0.0
  port: 8421
{{- if and .Values.sampling.enabled (gt (int (.Values.replicas | default 1)) 1) }}
{{- fail "sampling.enabled needs replicas: 1, for a trace is decided where all of its spans are" }}
{{- end }}
sampling:
  {{- toYaml .Values.sampling | nindent 2 }}
spool:
  directory: /var/lib/binnacle
  bytesMax: {{ .Values.spool.bytesMax | int64 }}
{{- end }}

{{/* Reads only, no Secrets, no pods/exec, no nodes/proxy, no writes to workloads. */}}
{{- define "binnacle-agent.rules" -}}
- apiGroups: [""]
  resources: [pods, events, services, resourcequotas, limitranges, persistentvolumeclaims]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [replicasets, deployments, statefulsets, daemonsets]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch]
{{- if .Values.scrape.enabled }}
- apiGroups: [metrics.k8s.io]
  resources: [pods]
  verbs: [get, list]
{{- end }}
{{- end }}
