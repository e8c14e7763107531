/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'

const height = 64
const step = 10

/**
 * One bar each, from the oldest to the newest, a `running` one paler since it still grows; `says` is what the pointer is told, `summary`
 * what is heard instead of the picture.
 */
export const Bars: FC<{
  values: readonly { value: number; says: string; running?: boolean }[]
  summary: string
}> = ({ values, summary }) => {
  const most = Math.max(...values.map(({ value }) => value), 1)
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${values.length * step} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={summary}
    >
      <line class="ground" x1="0" x2={values.length * step} y1={height} y2={height} />
      {values.map(({ value, says, running }, n) => {
        // What is not nothing is seen.
        const tall = value === 0 ? 0 : Math.max((value / most) * height, 2)
        return (
          <g>
            <title>{says}</title>
            <rect class="hover" x={n * step} y="0" width={step} height={height} />
            <rect
              class={running ? 'rest-of' : 'bar-of'}
              x={n * step + 1}
              y={height - tall}
              width={step - 2}
              height={tall}
            />
          </g>
        )
      })}
    </svg>
  )
}

/** From the middle to nearly the longest, one stroke each; where there is nothing, nothing is drawn. */
export const Spans: FC<{
  values: readonly ({ low: number; high: number; says: string } | null)[]
  summary: string
}> = ({ values, summary }) => {
  const most = Math.max(...values.map((value) => value?.high ?? 0), Number.MIN_VALUE)
  const up = (value: number) => height - Math.max((value / most) * height, 1)
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${values.length * step} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={summary}
    >
      <line class="ground" x1="0" x2={values.length * step} y1={height} y2={height} />
      {values.map(
        (value, n) =>
          value && (
            <g>
              <title>{value.says}</title>
              <rect class="hover" x={n * step} y="0" width={step} height={height} />
              <rect
                class="rest-of"
                x={n * step + 1}
                y={up(value.high)}
                width={step - 2}
                height={height - up(value.high)}
              />
              <rect
                class="bar-of"
                x={n * step + 1}
                y={up(value.low)}
                width={step - 2}
                height={height - up(value.low)}
              />
            </g>
          ),
      )}
    </svg>
  )
}
