import type { Chart as ChartData, Marker } from '@binnacle/collector/api/common'
import { Chart, type ChartRange } from '../parts/chart.tsx'
import { callClasses, classColors } from '../parts/class-bar.tsx'

interface Props {
  /** Series named as the classes of the API, calls a step. */
  readonly classes: ChartData
  /** Its series `mean` is drawn as a line over the calls. */
  readonly responseTime: ChartData
  readonly markers?: readonly Marker[]
  readonly onPoint?: (range: ChartRange) => void
  readonly height?: number
}

/** How many calls were of which class in each step, and how long they took. */
export function ClassChart({ classes, responseTime, markers, onPoint, height = 200 }: Props) {
  const mean = responseTime.series.filter((one) => one.name === 'mean')
  return (
    <Chart
      chart={inWords(classes)}
      line={{ ...responseTime, series: mean.map((one) => ({ ...one, name: 'mean response time' })) }}
      kind="bars"
      colors={classColors}
      height={height}
      {...(markers ? { markers } : {})}
      {...(onPoint ? { onPoint } : {})}
    />
  )
}

/** Classes by the words of the screens; those that never occurred are left out, but for normal. */
function inWords(chart: ChartData): ChartData {
  return {
    ...chart,
    series: callClasses.flatMap(({ key, label }) => {
      const found = chart.series.find((one) => one.name === key)
      const occurred = key === 'normal' || found?.points.some((point) => (point ?? 0) > 0)
      return found && occurred ? [{ ...found, name: label }] : []
    }),
  }
}
