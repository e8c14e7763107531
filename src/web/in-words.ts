/** `RENEWAL_DEFENSE` as a person reads it: Renewal defense. */
export function inWords(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
