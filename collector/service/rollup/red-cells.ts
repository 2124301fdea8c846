import { bucketOf } from '../query/duration-buckets.ts'

export const redCellColumns =
  'calls, errors, duration_sum_ns, duration_max_ns, duration_buckets, duration_counts'
/** SQL text: the values of those columns in a row without calls. */
export const noRed = '0, 0, 0, 0, [], []'
export const noClasses = '0, 0, 0'

interface Cells {
  /** Names of columns of the source. */
  readonly keys: string
  /** SQL text of rows with the keys and `durationNs`, `outcome`, `weight`, and `trace_id` where a sample is wanted. */
  readonly source: string
  readonly squares?: true
  /** Calls that are slow, very slow and stalled, by the source's `class`. */
  readonly classes?: true
  readonly sample?: true
}

/** SQL text: RED of each key, as the rollup tables keep it: the sample is the slowest call's trace. */
export function redCells({ keys, source, squares, classes, sample }: Cells): string {
  const [squaresOf, squaresIn] = squares
    ? [', sum(squares) AS duration_sum_squares', ', sum(pow(durationNs / 1e6, 2) * weight) AS squares']
    : ['', '']
  const [classesOf, classesIn] = classes
    ? [
        ', sum(slowN) AS slow, sum(verySlowN) AS very_slow, sum(stalledN) AS stalled',
        ", sumIf(weight, class = 'slow') AS slowN, sumIf(weight, class = 'very slow') AS verySlowN, sumIf(weight, class = 'stall') AS stalledN",
      ]
    : ['', '']
  const [sampleOf, sampleIn] = sample
    ? [', max(slowest).2 AS sample_trace_id', ', max((durationNs, trace_id)) AS slowest']
    : ['', '']
  return `
SELECT
  ${keys}, sum(n) AS calls, sum(failed) AS errors, sum(sumNs) AS duration_sum_ns, max(maxNs) AS duration_max_ns,
  arraySort(groupArray((bucket, n))).1 AS duration_buckets, arraySort(groupArray((bucket, n))).2 AS duration_counts${squaresOf}${classesOf}${sampleOf}
FROM (
  SELECT
    ${keys}, ${bucketOf('durationNs')} AS bucket, sum(weight) AS n, sumIf(weight, outcome = 2) AS failed,
    sum(durationNs * weight) AS sumNs, max(durationNs) AS maxNs${squaresIn}${classesIn}${sampleIn}
  FROM (${source})
  GROUP BY ${keys}, bucket
)
GROUP BY ${keys}`
}
