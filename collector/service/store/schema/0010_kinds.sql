-- Workloads, nodes, services, quotas, claims and autoscalers beside pods: what each kind has of its own (record/kube-facts.ts).
ALTER TABLE k8s_objects
  ADD COLUMN IF NOT EXISTS facts Map(LowCardinality(String), String) AFTER scope_reason,
  ADD COLUMN IF NOT EXISTS amounts Map(LowCardinality(String), Float64) AFTER facts,
  ADD COLUMN IF NOT EXISTS conditions String CODEC(ZSTD(1)) AFTER amounts,
  ADD COLUMN IF NOT EXISTS findings Map(LowCardinality(String), String) AFTER conditions;
