import type { PlanType } from './plan-type.ts'

/** An account that is about to leave: its payment fails, its trial ends, or it has said that it goes. */
export const renewalDefense: PlanType = {
  planType: 'RENEWAL_DEFENSE',
  objective: 'Secure renewal before day -30',
  days: 30,
  triesPerStep: 3,
  retireAfterDays: null,
  contradictions: [
    { field: 'price', rule: 'eq' },
    { field: 'quantity', rule: 'no_backward' },
    { field: 'period_end', rule: 'date_window', days: 7 },
  ],
  restrictedFields: [],
  prohibitedActions: [],
  steps: [
    {
      actionType: 'REQUEST_RENEWAL_MEETING',
      does: 'asks the customer for a meeting about the renewal',
      risk: 'HIGH',
      costClass: 'MEDIUM',
      humanTouch: true,
      reach: 'external',
      executors: ['operator-task'],
      sends: ['status', 'period_end'],
    },
    {
      actionType: 'PREP_RENEWAL_BRIEF',
      does: 'gathers what is known about the account into a brief',
      risk: 'LOW',
      costClass: 'EXPENSIVE',
      humanTouch: false,
      reach: 'internal',
      executors: ['outbound-webhook', 'operator-task'],
      sends: ['status', 'price', 'quantity', 'period_end', 'cancel_at'],
    },
    {
      actionType: 'ESCALATE_SUPPORT_RISK',
      does: 'tells support that the account is at risk',
      risk: 'LOW',
      costClass: 'CHEAP',
      humanTouch: false,
      reach: 'internal',
      executors: ['outbound-webhook', 'operator-task'],
      sends: ['status'],
    },
  ],
}
