/** The console's door to the markup that it shares with the dashboard's widget. */
export { clip, Html, html } from '../shared/runtime/html.ts';
