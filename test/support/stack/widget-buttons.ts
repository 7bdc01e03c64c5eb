/** A button of a widget as CloudWatch reads it: an element, and the `cwdb-action` behind it. */
export type WidgetButton = {
  label: string;
  confirmation: string;
  endpoint: string;
  display: string;
  request: Readonly<Record<string, unknown>>;
};

/** The buttons of a widget's markup. The JSON must read the same as text and as markup, so nothing in it is decoded. */
export function buttonsOf(markup: string): WidgetButton[] {
  const pairs = markup.matchAll(/<a class="btn">([^<]*)<\/a\s*>\s*<cwdb-action\s([^>]*)>([^<]*)<\/cwdb-action\s*>/g);
  return [...pairs].map(([, label = '', attributes = '', json = '']) => {
    const given = new Map(
      [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    );
    const attribute = (name: string): string => given.get(name) ?? '';
    return {
      label,
      confirmation: attribute('confirmation'),
      endpoint: attribute('endpoint'),
      display: attribute('display'),
      request: JSON.parse(json) as Readonly<Record<string, unknown>>,
    };
  });
}
