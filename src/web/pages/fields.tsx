/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'

type FieldProps = {
  name: string
  label: string
  /** What was typed before, or what stands there now. */
  value?: string | undefined
  /** The end of a sentence that begins with “This”: `must not be empty`. */
  fault?: string | undefined
  /** One short sentence below the field. */
  hint?: string | undefined
  required?: boolean | undefined
  /** Its name when left out: give one where two forms of a page have a field of one name. */
  id?: string | undefined
}

/** What joins a control to its label, its hint and its fault, for those who hear the page. */
function controlOf({ name, id = name, fault, hint, required }: FieldProps) {
  const told = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(' ')
  return {
    id,
    name,
    required,
    ...(told && { 'aria-describedby': told }),
    ...(fault && { 'aria-invalid': 'true' as const }),
  }
}

/** A control with its label above it, and its hint and its fault below. */
const Field: FC<FieldProps & { children?: Child }> = ({ name, id = name, label, fault, hint, children }) => (
  <div class="field">
    <label for={id}>{label}</label>
    {children}
    {hint && (
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    )}
    {fault && (
      <p class="field-fault" id={`${id}-fault`}>
        This {fault}.
      </p>
    )}
  </div>
)

export const TextField: FC<
  FieldProps & {
    type?: 'text' | 'number' | 'search' | 'datetime-local'
    placeholder?: string
    maxlength?: number
    /** What the browser checks before it sends; the server checks again. */
    pattern?: string
    min?: number
    /** For keys and ids. */
    code?: boolean
  }
> = (props) => {
  const { type = 'text', value, placeholder, maxlength, pattern, min, code } = props
  return (
    <Field {...props}>
      <input
        {...controlOf(props)}
        type={type}
        value={value}
        placeholder={placeholder}
        maxlength={maxlength}
        pattern={pattern}
        min={min}
        class={code ? 'code' : undefined}
        autocomplete="off"
        spellcheck={code ? false : undefined}
      />
    </Field>
  )
}

export const AreaField: FC<FieldProps & { rows?: number; maxlength?: number }> = (props) => (
  <Field {...props}>
    <textarea {...controlOf(props)} rows={props.rows ?? 3} maxlength={props.maxlength}>
      {props.value}
    </textarea>
  </Field>
)

export type Choice = { value: string; label: string; disabled?: boolean }

/** `none`: what the choice of nothing is called; left out, something has to be chosen. */
export const SelectField: FC<FieldProps & { choices: readonly Choice[]; none?: string }> = (props) => (
  <Field {...props}>
    <select {...controlOf(props)}>
      {props.none !== undefined && <option value="">{props.none}</option>}
      {props.choices.map(({ value, label, disabled }) => (
        <option value={value} selected={value === props.value} disabled={disabled}>
          {label}
        </option>
      ))}
    </select>
  </Field>
)

/** Sends `yes` when it is ticked, and nothing otherwise. */
export const TickField: FC<{ name: string; label: string; ticked?: boolean; id?: string }> = (props) => {
  const { name, label, ticked, id = name } = props
  return (
    <div class="field tick">
      <input type="checkbox" id={id} name={name} value="yes" checked={ticked} />
      <label for={id}>{label}</label>
    </div>
  )
}
