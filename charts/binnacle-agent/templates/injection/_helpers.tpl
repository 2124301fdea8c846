{{- define "binnacle-agent.webhook" -}}
{{- if and .Values.injection.enabled (eq .Values.injection.engine "webhook") }}yes{{ end }}
{{- end }}

{{- define "binnacle-agent.policy" -}}
{{- if and .Values.injection.enabled (eq .Values.injection.engine "policy") }}
{{- if not (semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version) }}{{ fail (printf "injection.engine policy needs Kubernetes 1.36 or newer, and this is %s: set injection.engine: webhook" .Capabilities.KubeVersion.Version) }}{{ end -}}
yes{{ end }}
{{- end }}

{{- define "binnacle-agent.webhookName" -}}
{{ include "binnacle-agent.fullname" . }}-webhook
{{- end }}

{{/* Not the agent's: its Service and its controller must not take the webhook's pods for their own. */}}
{{- define "binnacle-agent.webhookSelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}-webhook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "binnacle-agent.webhookLabels" -}}
{{ include "binnacle-agent.webhookSelector" . }}
{{ include "binnacle-agent.commonLabels" . }}
{{- end }}

{{- define "binnacle-agent.webhookSecret" -}}
{{- $certificates := .Values.injection.certificates }}
{{- if and (eq $certificates.mode "secret") (not $certificates.secretName) }}{{ fail "injection.certificates.secretName must be set when injection.certificates.mode is secret" }}{{ end }}
{{- $certificates.secretName | default (include "binnacle-agent.webhookName" .) }}
{{- end }}

{{/* Kubernetes 1.36 has image volumes for good, as long as its nodes are not much older. */}}
{{- define "binnacle-agent.delivery" -}}
{{- if ne .Values.injection.delivery "auto" }}{{ .Values.injection.delivery }}
{{- else if semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version }}image-volume
{{- else }}init-container{{ end }}
{{- end }}

{{/* Where injected applications send to. */}}
{{- define "binnacle-agent.injectionEndpoint" -}}
{{- $own := not .Values.injection.endpoint }}
{{- if and $own (eq .Values.mode "state") }}{{ fail "injection.enabled needs mode: full, for in mode state no traces are received; or set injection.endpoint" }}{{ end }}
{{- if and $own .Values.receive.tlsSecret.name .Values.receive.tlsSecret.clientCaKey }}{{ fail "injection.endpoint must be set when receive.tlsSecret.clientCaKey is: injected applications have no certificate to show" }}{{ end }}
{{- $scheme := ternary "https" "http" (not (empty .Values.receive.tlsSecret.name)) }}
{{- .Values.injection.endpoint | default (printf "%s://%s.%s.svc:4318" $scheme (include "binnacle-agent.fullname" .) .Release.Namespace) }}
{{- end }}

{{/* Which namespaces: those with the label, never the cluster's own or ours; with watch.mode namespaced those listed alone. */}}
{{- define "binnacle-agent.injectedNamespaces" -}}
matchLabels:
  binnacle.dev/inject: enabled
matchExpressions:
  - {key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system, {{ .Release.Namespace }}]}
  {{- if eq .Values.watch.mode "namespaced" }}
  - {key: kubernetes.io/metadata.name, operator: In, values: [{{ join ", " .Values.watch.namespaces }}]}
  {{- end }}
{{- end }}

{{/* Which pods: not those that say no. */}}
{{- define "binnacle-agent.injectedPods" -}}
matchExpressions:
  - {key: binnacle.dev/inject, operator: NotIn, values: [disabled]}
{{- end }}

{{/* Mirror pods stand for files of a kubelet: a change would never reach what runs. */}}
{{- define "binnacle-agent.injectionConditions" -}}
- name: not-a-mirror-pod
  expression: "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)"
{{- end }}

{{/* For the policy, as instrumentation/webhook has them: sidecars, and who else instruments a container. */}}
{{- define "binnacle-agent.sidecars" -}}
^(istio-proxy|istio-validation|linkerd-proxy|envoy(-sidecar)?|kuma-sidecar|consul-dataplane|consul-connect-.*|daprd|queue-proxy|vault-agent|cloud-?sql-proxy|oauth2-proxy|otc-container|otel-collector|opentelemetry-collector|jaeger-agent|datadog-agent|aws-otel-collector|xray-daemon|fluent-?bit|fluentd|filebeat|promtail|vector|telegraf|config-reloader|git-sync)$
{{- end }}

{{- define "binnacle-agent.foreignVariables" -}}
^OTEL_(EXPORTER_\\w+_ENDPOINT|(TRACES|METRICS|LOGS)_EXPORTER)$|^DD_(TRACE_\\w+|AGENT_HOST|SERVICE)$|^NEW_RELIC_|^ELASTIC_APM_|^APPDYNAMICS_|^DT_(TENANT|CONNECTION_POINT)|^INSTANA_|^APPLICATIONINSIGHTS_CONNECTION_STRING$|^SENTRY_DSN$|^SW_AGENT_|^ODIGOS_
{{- end }}

{{- define "binnacle-agent.foreignMarks" -}}
@opentelemetry/|@binnacle/instrumentation|opentelemetry-(javaagent|instrument)|opentelemetry/instrumentation|OpenTelemetry\\.AutoInstrumentation|@azure/monitor-opentelemetry|@splunk/otel|@elastic/opentelemetry|splunk-otel|dd-trace|ddtrace|dd-java-agent|Datadog\\.Trace|(?i:newrelic)|elastic-?apm|(?i:appdynamics)|oneagent|@instana/|instana-|applicationinsights|@sentry/|skywalking|/var/odigos/|-javaagent:
{{- end }}

{{/* The webhook's own configuration file. */}}
{{- define "binnacle-agent.webhookConfig" -}}
{{ include "binnacle-agent.webhookConfig.restart" . }}
{{ include "binnacle-agent.webhookConfig.hot" . }}
{{- end }}

{{/* What is injected counts without a restart, as soon as the kubelet has swapped the file. */}}
{{- define "binnacle-agent.webhookConfig.hot" -}}
{{- with .Values.injection -}}
languages: {{ .languages | toJson }}
image:
  reference: {{ include "binnacle-agent.imageOf" (dict "root" $ "image" .image) }}
  pullPolicy: {{ .image.pullPolicy }}
delivery: {{ include "binnacle-agent.delivery" $ }}
endpoint: {{ include "binnacle-agent.injectionEndpoint" $ }}
propagators: {{ .propagators | quote }}
sampler: {{ .sampler | quote }}
serviceNameFromLabels: {{ $.Values.receive.serviceNameFromLabels }}
env: {{ .env | toJson }}
log:
  {{- toYaml $.Values.log | nindent 2 }}
{{- end }}
{{- end }}

{{/* A change of these restarts the pods. */}}
{{- define "binnacle-agent.webhookConfig.restart" -}}
listen:
  host: 0.0.0.0
  port: 9443
  stopPauseMs: 5000
admin:
  host: 0.0.0.0
  port: 8422
certificates:
  {{- if eq .Values.injection.certificates.mode "self-managed" }}
  mode: self-managed
  namespace: {{ .Release.Namespace }}
  secret: {{ include "binnacle-agent.webhookSecret" . }}
  service: {{ include "binnacle-agent.webhookName" . }}
  configuration: {{ include "binnacle-agent.webhookName" . }}
  {{- else }}
  mode: files
  certFile: /etc/binnacle/certificate/tls.crt
  keyFile: /etc/binnacle/certificate/tls.key
  {{- end }}
{{- end }}
