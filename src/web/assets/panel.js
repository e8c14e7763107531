// What pages do beyond what they say: times in the viewer's zone, one dialog that asks, and the outcome of an action heard.
// Every page works without it.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** `20 Nov 10:05:11`, as the server writes it in UTC: the same length, another zone. The title keeps UTC. */
function tellTime(time) {
  const at = new Date(time.dateTime)
  if (Number.isNaN(at.getTime())) return
  const told = time.textContent
  const parts = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at)
  const of = (type) => parts.find((part) => part.type === type).value
  const year = at.getFullYear() === new Date().getFullYear() ? '' : ` ${of('year')}`
  const clock = `${of('hour')}:${of('minute')}${/:\d\d:\d\d$/.test(told) ? `:${of('second')}` : ''}`
  time.textContent = `${of('day')} ${of('month')}${year} ${clock}`
}

for (const time of document.querySelectorAll('time[datetime]')) tellTime(time)
for (const note of document.querySelectorAll('[data-zone]')) {
  note.textContent = zone === 'UTC' ? 'Times are UTC.' : `Times are ${zone}; point at one for UTC.`
}

document.querySelector('[data-flash]')?.focus()

const dialog = document.getElementById('confirm')
const answers = dialog?.querySelector('form')

/** What a form would send under this name, as a person reads it: of a choice its label, and not its key. */
function shownValue(form, name) {
  const control = form.elements[name]
  if (!control) return ''
  if (control instanceof RadioNodeList) return control.value
  if (control.type === 'checkbox') return control.checked ? 'yes' : 'no'
  return control.selectedOptions ? (control.selectedOptions[0]?.textContent ?? '') : control.value
}

function fill(form, ask) {
  dialog.querySelector('#confirm-title').textContent = ask.title
  dialog.querySelector('#confirm-will').textContent = ask.will
  const rows = Object.entries(ask.shows ?? {})
    .map(([name, label]) => [label, shownValue(form, name)])
    .filter(([, value]) => value.trim() !== '')
  dialog.querySelector('#confirm-shown').replaceChildren(
    ...rows.map(([label, value]) => {
      const row = document.createElement('div')
      for (const [kind, text] of [
        ['dt', label],
        ['dd', value],
      ]) {
        const part = document.createElement(kind)
        part.textContent = text
        row.append(part)
      }
      return row
    }),
  )
  const reason = answers.elements.reason
  reason.value = ''
  reason.required = ask.reason === 'required'
  reason.closest('.field').hidden = !ask.reason
  dialog.querySelector('label[for=confirm-reason]').textContent =
    ask.reason === 'required' ? 'Reason, for the history' : 'Reason, if there is one'
  const button = answers.querySelector('[value=confirmed]')
  button.textContent = ask.button
  button.classList.toggle('danger', Boolean(ask.danger))
}

function add(form, name, value) {
  const field = document.createElement('input')
  field.type = 'hidden'
  field.name = name
  field.value = value
  field.dataset.added = ''
  form.append(field)
}

let asking = null

document.addEventListener('submit', (event) => {
  const form = event.target
  if (form === answers || form.method !== 'post') return
  // A second click while the first is under way is not a second action.
  if (form.dataset.sent !== undefined) return event.preventDefault()
  if (!('confirm' in form.dataset) || form.dataset.asked !== undefined || !dialog) {
    form.dataset.sent = ''
    return
  }
  event.preventDefault()
  const ask = JSON.parse(form.elements.ask.value)
  asking = { form, ask, submitter: event.submitter }
  fill(form, ask)
  dialog.returnValue = ''
  dialog.showModal()
  const first = ask.reason ? '#confirm-reason' : ask.danger ? '[value=cancel]' : '[value=confirmed]'
  dialog.querySelector(first).focus()
})

// The dialog holds the focus, and Escape closes it with no answer: the browser does both, and gives the focus back.
dialog?.addEventListener('close', () => {
  // Told late: it was opened again meanwhile, and this is about the time before.
  if (dialog.open) return
  const asked = asking
  asking = null
  if (!asked || dialog.returnValue !== 'confirmed') return
  add(asked.form, 'confirmed', 'yes')
  if (asked.ask.reason) add(asked.form, 'reason', answers.elements.reason.value)
  asked.form.dataset.asked = ''
  asked.form.requestSubmit(asked.submitter)
})

// Back to a page that the browser kept as it was: its forms may be sent again.
window.addEventListener('pageshow', (event) => {
  if (!event.persisted) return
  for (const form of document.forms) {
    delete form.dataset.sent
    delete form.dataset.asked
    for (const field of form.querySelectorAll('[data-added]')) field.remove()
  }
})
