/**
 * What has no business in a log, wherever it comes from: addresses, card numbers, keys and tokens. The list of fields that may be logged is the
 * first wall; this one stands behind it, for a text that holds what somebody typed into the wrong field.
 */
const masks: readonly [pattern: RegExp, by: string, really?: (found: string) => boolean][] = [
  [/[\p{L}\d.!#$%&'*+/=?^_`{|}~-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+/gu, '[e-mail]'],
  [/\b(?:sk|rk|pk)_(?:live|test)_\w+|\bwhsec_\w+|\bsl_[a-z2-7]{8}_[a-z2-7]{32}\b/g, '[secret]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]'],
  [/(?<![\w.])[2-6](?:[ -]?\d){12,18}(?!\w|\.\d)/g, '[card]', hasCheckDigit],
]

/** The text without them. */
export function masked(text: string): string {
  // Nearly every text is an id or a sentence of ours.
  if (!/@|_|eyJ|\d{4}/.test(text)) return text
  return masks.reduce(
    (left, [pattern, by, really]) =>
      left.replace(pattern, (found) => (!really || really(found) ? by : found)),
    text,
  )
}

/** The same error, which now may be kept where errors are kept: in a job, in a row. */
export function maskedError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  error.message = masked(error.message)
  if (error.stack) error.stack = masked(error.stack)
  return error
}

/** By Luhn's rule, which every card number obeys and nine of ten other numbers do not. */
function hasCheckDigit(text: string): boolean {
  const sum = [...text.replace(/\D/g, '')].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
