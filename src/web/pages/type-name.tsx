/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'

/** A type of event, which may be broken at its dots where it is too long for its place. */
export const TypeName: FC<{ type: string }> = ({ type }) => (
  <>
    {type.split('.').map((part, at) => (
      <>
        {at > 0 && (
          <>
            .<wbr />
          </>
        )}
        {part}
      </>
    ))}
  </>
)
