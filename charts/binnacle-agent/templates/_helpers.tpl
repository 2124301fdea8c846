{{- define "binnacle-agent.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "binnacle-agent.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "binnacle-agent.labels" -}}
{{ include "binnacle-agent.selector" . }}
{{ include "binnacle-agent.commonLabels" . }}
{{- end }}

{{/* Not on pods: a new version of the chart that changes nothing of them must not restart them. */}}
{{- define "binnacle-agent.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: binnacle
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Of one of the images: (dict "root" $ "image" .Values.image). */}}
{{- define "binnacle-agent.imageOf" -}}
{{- $global := .root.Values.global | default dict }}
{{- $registry := .image.registry | default $global.systemDefaultRegistry | default (dig "systemDefaultRegistry" "" ($global.cattle | default dict)) }}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end }}{{ .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "binnacle-agent.clusterName" -}}
{{- .Values.cluster.name | default (dig "clusterName" "" ((.Values.global | default dict).cattle | default dict)) }}
{{- end }}

{{/* `local` is the id of the cluster that a Rancher itself runs in, of each Rancher. */}}
{{- define "binnacle-agent.clusterId" -}}
{{- $rancher := dig "clusterId" "" ((.Values.global | default dict).cattle | default dict) }}
{{- .Values.cluster.id | default (ternary "" $rancher (eq $rancher "local")) }}
{{- end }}

{{/* The Secret with the access key: the one that is named, or the chart's own; empty: none. */}}
{{- define "binnacle-agent.accessKeySecret" -}}
{{- if and .Values.service.accessKey .Values.service.accessKeySecret.name }}{{ fail "service.accessKey and service.accessKeySecret.name are both set: set the one that you mean" }}{{ end }}
{{- if .Values.service.accessKey }}{{ include "binnacle-agent.fullname" . }}-access{{ else }}{{ .Values.service.accessKeySecret.name }}{{ end }}
{{- end }}

{{/* PSS restricted, for pods and for containers. */}}
{{- define "binnacle-agent.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "binnacle-agent.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* A quantity of Kubernetes in MiB: (dict "quantity" … "of" the key it stands at). */}}
{{- define "binnacle-agent.mebibytes" -}}
{{- $text := .quantity }}
{{- if not (kindIs "string" $text) }}{{ $text = $text | int64 | toString }}{{ end }}
{{- if not (regexMatch "^[0-9]+([.][0-9]+)?([KMGT]i|[kMGT])?$" $text) }}{{ fail (printf "%s is no quantity that can be read: %s" .of $text) }}{{ end }}
{{- $unit := regexFind "[A-Za-z]*$" $text }}
{{- $bytes := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- divf (mulf (trimSuffix $unit $text | float64) (get $bytes $unit)) 1048576 | floor | int64 }}
{{- end }}

{{/*
Of the memory limit, 32 MiB are Node's own; five sevenths of the rest are the old generation's, which needs 32 MiB for the
program and a few hundred pods. The young generation makes up to three of its size.
(dict "resources" .Values.resources "at" "resources" "default" "256Mi")
*/}}
{{- define "binnacle-agent.nodeOptions" -}}
{{- $of := printf "%s.limits.memory" .at }}
{{- $limit := dict "quantity" (dig "limits" "memory" .default (.resources | default dict)) "of" $of | include "binnacle-agent.mebibytes" | int64 }}
{{- if lt $limit 64 }}{{ fail (printf "%s must be at least 64Mi: Node alone takes 44" $of) }}{{ end }}
{{- $old := max 32 (div (mul (sub $limit 32) 5) 7) }}
{{- $young := max 1 (min 4 (div $limit 64)) }}
{{- printf "--max-old-space-size=%d --max-semi-space-size=%d" $old $young }}
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
mode: {{ .Values.mode }}
cluster:
  name: {{ include "binnacle-agent.clusterName" . | quote }}
  id: {{ include "binnacle-agent.clusterId" . | quote }}
service:
  endpoint: {{ .Values.service.endpoint | quote }}
  {{- if include "binnacle-agent.accessKeySecret" . }}
  accessKeyFile: /etc/binnacle/access/{{ .Values.service.accessKeySecret.key }}
  {{- end }}
  {{- if not .Values.service.proxyUrlSecret.name }}
  proxyUrl: {{ .Values.service.proxyUrl | quote }}
  {{- end }}
  {{- if .Values.service.caSecret.name }}
  caFile: /etc/binnacle/service-ca/{{ .Values.service.caSecret.key }}
  {{- end }}
  {{- if .Values.service.clientCertificateSecret.name }}
  certFile: /etc/binnacle/service-certificate/tls.crt
  keyFile: /etc/binnacle/service-certificate/tls.key
  {{- end }}
  insecureSkipVerify: {{ .Values.service.insecureSkipVerify }}
leaderElection:
  enabled: {{ gt (int .Values.replicas) 1 }}
  namespace: {{ .Release.Namespace }}
  name: {{ include "binnacle-agent.fullname" . }}
watch:
  {{- toYaml .Values.watch | nindent 2 }}
crashLogs:
  {{- toYaml .Values.crashLogs | nindent 2 }}
{{- if eq .Values.mode "full" }}
receive:
  host: 0.0.0.0
  {{- toYaml (omit .Values.receive "tlsSecret") | nindent 2 }}
  stopPauseMs: 5000
  {{- with .Values.receive.tlsSecret }}
  {{- if .name }}
  tls:
    certFile: /etc/binnacle/receive/tls.crt
    keyFile: /etc/binnacle/receive/tls.key
    {{- if .clientCaKey }}
    clientCaFile: /etc/binnacle/receive/{{ .clientCaKey }}
    {{- end }}
  {{- end }}
  {{- end }}
{{- end }}
admin:
  host: 0.0.0.0
  port: 8421
{{- if and .Values.sampling.enabled (eq .Values.mode "state") }}
{{- fail "sampling.enabled needs mode: full, for in mode state no traces are received" }}
{{- end }}
sampling:
  {{- toYaml (omit .Values.sampling "replicasCaKey") | nindent 2 }}
  {{- if and .Values.sampling.enabled (gt (int .Values.replicas) 1) }}
  replicas:
    # Its own address comes from the environment.
    address: {{ include "binnacle-agent.fullname" . }}-replicas.{{ .Release.Namespace }}.svc:{{ .Values.receive.httpPort }}
    {{- with .Values.receive.tlsSecret }}
    {{- if .name }}
    serverName: {{ include "binnacle-agent.fullname" $ }}.{{ $.Release.Namespace }}.svc
    {{- if $.Values.sampling.replicasCaKey }}
    caFile: /etc/binnacle/receive/{{ $.Values.sampling.replicasCaKey }}
    {{- end }}
    {{- end }}
    {{- end }}
  {{- end }}
{{- if .Values.injection.enabled }}
injection:
  enabled: true
  namespace: {{ .Release.Namespace }}
  configMap: {{ include "binnacle-agent.fullname" . }}-injection
  crashGuard:
    {{- toYaml .Values.injection.crashGuard | nindent 4 }}
{{- end }}
spool:
  directory: /var/lib/binnacle
  bytesMax: {{ .Values.spool.bytesMax | int64 }}
{{- end }}

{{/* Reads only (but for its own Lease and ConfigMap, rbac.yaml), no Secrets, no pods/exec, no nodes/proxy, no writes to workloads. */}}
{{- define "binnacle-agent.rules" -}}
- apiGroups: [""]
  resources: [pods, events, services, resourcequotas, limitranges, persistentvolumeclaims]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [replicasets, deployments, statefulsets, daemonsets]
  verbs: [list, watch]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch]
{{- if .Values.crashLogs.enabled }}
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end }}
{{- if .Values.scrape.enabled }}
- apiGroups: [metrics.k8s.io]
  resources: [pods]
  verbs: [list]
{{- end }}
{{- end }}
