import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Html, html } from '../../console/html.ts';
import type { Answer } from '../../console/respond.ts';

const asset = (name: string): string => readFileSync(new URL(`assets/${name}`, import.meta.url), 'utf8');

/**
 * The page inside a custom widget, the same for all: it is empty until the page around it sends it markup. Its origin is its own, it
 * reaches nothing, and of scripts it runs this one: what a function answers is shown, and does nothing by itself.
 */
export function widgetFrame(): Answer {
  const nonce = randomBytes(16).toString('base64url');
  const body = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Widget</title>
        <style>
          ${new Html(asset('widget-frame.css'))}
        </style>
      </head>
      <body>
        <div data-content></div>
        <script nonce="${nonce}">
          ${new Html(asset('widget-frame.js'))};
        </script>
      </body>
    </html> `;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // CloudWatch lets widgets style themselves.
    "style-src 'unsafe-inline'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    'sandbox allow-scripts',
  ];
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body: body.text,
    headers: { 'content-security-policy': policy.join('; ') },
  };
}
