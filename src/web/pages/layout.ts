import { html } from 'hono/html'
import { assetUrl } from '../assets.ts'

export type Html = ReturnType<typeof html>

/** Every page of the panel: our own style sheet, no script. */
export function layout(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title} · Stepladder</title>
<link rel="icon" href="${assetUrl('mark.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${assetUrl('operator.css')}">
</head>
<body>
${body}
</body>
</html>`
}

export function brand(): Html {
  return html`<p class="brand"><img src="${assetUrl('mark.svg')}" alt="" width="28" height="28"> Stepladder</p>`
}
