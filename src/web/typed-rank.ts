import { z } from 'zod'
import { tierRank } from '../billing/catalog-fields.ts'

/** A rank as a form sends it: as text. */
export const typedRank = z.coerce.number('has to be a whole number').pipe(tierRank)
