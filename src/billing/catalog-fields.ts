import { z } from 'zod'

/** What Postgres takes for no text: NUL, and half of a surrogate pair. */
const unwritable = /\0|\p{Surrogate}/u

/** The panel's slug and the schema's ladder_key are one field (D12): the form of a key is checked here and not there. */
export const catalogKey = z
  .string()
  .max(100)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'has to be kebab-case, such as extra-seats')

export const catalogName = z
  .string()
  .trim()
  .min(1, 'may not be empty')
  .max(200)
  .refine((text) => !unwritable.test(text), 'holds a character that is no text')

export const catalogDescription = z
  .string()
  .max(2000)
  .refine((text) => !unwritable.test(text), 'holds a character that is no text')

export const flatKinds = ['addon', 'usage', 'one_time'] as const
export const productStatuses = ['draft', 'published', 'retired'] as const

/** A product that may become a tier has no type (R7): `plan` is what it is called once it is one. */
export const flatKind = z.enum(flatKinds, {
  error: ({ input }) =>
    input === 'plan' ? 'a plan has no type: leave it out and put the product on a ladder' : undefined,
})

export const tierRank = z.int32()

const featureKey = z
  .string()
  .max(100)
  .regex(/^[A-Za-z][\w.:-]*$/, 'has to start with a letter and hold letters, digits and . _ : - alone')
/** A number is a limit, `unlimited` is a value, and null takes the feature away. */
const featureValue = z.union(
  [
    z.boolean(),
    z.number().finite(),
    z
      .string()
      .trim()
      .min(1)
      .max(200)
      .refine((text) => !unwritable.test(text), 'holds a character that is no text'),
    z.null(),
  ],
  {
    error: 'has to be true, false, a number, a text such as unlimited, or null to take it away',
  },
)
export const featureChanges = z.record(featureKey, featureValue)
