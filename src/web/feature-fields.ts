import { featureChanges } from '../billing/catalog-fields.ts'
import type { Product } from '../billing/products.ts'
import { faultOf } from './api/read-input.ts'
import type { Faults, Typed } from './read-form.ts'

type Features = Product['features']

/** Empty rows at the end of the form, for what is not included yet. */
export const newRows = 3

export function valueField(feature: string): string {
  return `value.${feature}`
}
export function newFields(row: number): { feature: string; value: string } {
  return { feature: `new.${row}.feature`, value: `new.${row}.value` }
}

/** A feature's value as it stands in its field. */
export function valueText(value: Features[string]): string {
  return String(value)
}

/** What somebody typed as a value: true, false and numbers are those, and everything else is a text, such as `unlimited`. */
function readValue(text: string): Features[string] {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}

/**
 * What the form of a product's features asks to be changed; null takes a feature away, and a field that shows what is held changes nothing.
 * `changes` is null when there are faults.
 */
export function readFeatures(
  form: URLSearchParams,
  held: Features,
): { typed: Typed; faults: Faults; changes: Record<string, Features[string] | null> | null } {
  const typed: Record<string, string> = {}
  const faults: Record<string, string> = {}
  const changes = new Map<string, Features[string] | null>()
  /** At which field a feature's fault is told. */
  const fieldOf = new Map<string, string>()
  const textIn = (name: string) => {
    const text = (form.get(name) ?? '').trim()
    typed[name] = text
    return text
  }
  for (const [feature, value] of Object.entries(held)) {
    // A field that is not there at all says nothing; one that was emptied takes it away.
    if (!form.has(valueField(feature))) continue
    const text = textIn(valueField(feature))
    if (text === valueText(value)) continue
    changes.set(feature, text === '' ? null : readValue(text))
    fieldOf.set(feature, valueField(feature))
  }
  for (let row = 0; row < newRows; row++) {
    const fields = newFields(row)
    const [feature, text] = [textIn(fields.feature), textIn(fields.value)]
    if (feature === '' && text === '') continue
    if (feature === '') faults[fields.feature] = 'has to be named'
    else if (text === '') faults[fields.value] = 'must not be empty'
    else if (Object.hasOwn(held, feature) || changes.has(feature))
      faults[fields.feature] = 'is there already, above'
    else {
      const name = featureChanges.keyType.safeParse(feature)
      if (!name.success) faults[fields.feature] = faultOf(name.error.issues[0]!)
      else {
        changes.set(feature, readValue(text))
        fieldOf.set(feature, fields.value)
      }
    }
  }
  const read = featureChanges.safeParse(Object.fromEntries(changes), { reportInput: true })
  for (const issue of read.error?.issues ?? []) {
    faults[fieldOf.get(String(issue.path[0]))!] ??= faultOf(issue)
  }
  const sound = Object.keys(faults).length === 0 && read.success
  return { typed, faults, changes: sound ? read.data : null }
}
