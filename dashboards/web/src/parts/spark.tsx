interface Props {
  readonly points: readonly (number | null)[]
  readonly width?: number
  readonly height?: number
}

/** A trend as small as a word: from zero, gaps where nothing is known. Figures beside it say the numbers. */
export function Spark({ points, width = 80, height = 20 }: Props) {
  const most = Math.max(...points.map((one) => one ?? 0), 0)
  if (points.length < 2 || points.every((one) => one === null))
    return <svg className="spark" width={width} height={height} aria-hidden="true" />
  const x = (index: number) => 1 + (index / (points.length - 1)) * (width - 2)
  const y = (value: number) => height - 1.5 - (most === 0 ? 0 : (value / most) * (height - 3))
  let pen = 'M'
  const path = points
    .map((value, index) => {
      if (value === null) {
        pen = 'M'
        return ''
      }
      const step = `${pen}${x(index).toFixed(1)},${y(value).toFixed(1)}`
      pen = 'L'
      return step
    })
    .join('')
  return (
    <svg className="spark" width={width} height={height} aria-hidden="true">
      <path d={areaOf(points, x, y)} fill="currentColor" opacity="0.2" />
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  )
}

/** Down to zero, so that a steady line is seen to be much or little. */
function areaOf(
  points: readonly (number | null)[],
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  return points
    .map((value, index) =>
      value === null
        ? ''
        : `M${x(index).toFixed(1)},${y(0)}V${y(value).toFixed(1)}${toNext(points, index, x, y)}Z`,
    )
    .join('')
}

function toNext(
  points: readonly (number | null)[],
  index: number,
  x: (index: number) => number,
  y: (value: number) => number,
): string {
  const next = points[index + 1] ?? null
  return next === null ? '' : `L${x(index + 1).toFixed(1)},${y(next).toFixed(1)}V${y(0)}`
}
