import { trailTypes } from '../event/subscription-event-of.ts'
import { linkingTypes, paymentTypes } from '../inbox/inbox-rows.ts'

/**
 * The types of event that something is done about; all others would be ignored at the door. Stripe takes 20 in one question.
 * Source: https://docs.stripe.com/api/events/list
 */
export const handledTypes: readonly string[] = [...trailTypes, ...linkingTypes, ...paymentTypes]
