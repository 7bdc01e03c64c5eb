import { Html, html } from '../runtime/html.ts';

/** What a click on a button of the widget asks of a function, with the rights of whoever clicks. */
export type WidgetCall = {
  label: string;
  /** The question that comes first. CloudWatch may not escape it: it gets nothing but plain characters. */
  confirmation: string;
  functionArn: string;
  request: Readonly<Record<string, unknown>>;
};

/** An element and the `cwdb-action` that CloudWatch binds to it, because it is the one before. */
export function widgetButton({ label, confirmation, functionArn, request }: WidgetCall): Html {
  return html`<a class="btn">${label}</a
    ><cwdb-action action="call" display="popup" confirmation="${plain(confirmation)}" endpoint="${functionArn}"
      >${new Html(jsonInMarkup(request))}</cwdb-action
    >`;
}

/**
 * JSON that reads the same whether its surroundings are taken as markup or as text, because it is not told which CloudWatch does:
 * nothing in it can begin a tag or an entity.
 */
function jsonInMarkup(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&'\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function plain(text: string): string {
  return text.replaceAll(/[^\w .,:;?/()[\]-]/g, '·');
}
