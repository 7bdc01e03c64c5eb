// The inside of a custom widget, in a frame of an origin of its own that may run nothing but this. It shows the markup that it is sent,
// binds each `cwdb-action` to the element before it, and tells the page around it what is asked for; the page does it.

const content = document.querySelector('[data-content]');

/** What the widget's inputs hold, by name: every call brings it along. */
function formValues() {
  const values = {};
  for (const field of content.querySelectorAll('input[name], select[name], textarea[name]')) {
    if ((field.type === 'radio' || field.type === 'checkbox') && !field.checked) continue;
    values[field.name] = field.value;
  }
  return values;
}

function bind(action) {
  const target = action.previousElementSibling;
  if (target === null) return;
  const attribute = (name) => action.getAttribute(name) ?? undefined;
  const isCall = attribute('action') === 'call';
  const event = ['dblclick', 'mouseenter'].find((known) => known === attribute('event')) ?? 'click';
  if (target.matches('a:not([href])')) {
    target.setAttribute('role', 'button');
    target.tabIndex = 0;
    target.addEventListener('keydown', (pressed) => {
      if (pressed.key !== 'Enter' && pressed.key !== ' ') return;
      pressed.preventDefault();
      target.click();
    });
  }
  target.addEventListener(event, () => {
    parent.postMessage(
      {
        kind: isCall ? 'call' : 'show',
        confirmation: attribute('confirmation'),
        display: attribute('display') === 'popup' ? 'popup' : 'widget',
        ...(isCall
          ? { endpoint: attribute('endpoint') ?? '', params: action.textContent, forms: formValues() }
          : { html: action.innerHTML }),
      },
      '*',
    );
  });
}

addEventListener('message', ({ source, data }) => {
  if (source !== parent) return;
  content.innerHTML = data.html;
  for (const action of content.querySelectorAll('cwdb-action')) bind(action);
  parent.postMessage({ kind: 'height', height: document.documentElement.scrollHeight }, '*');
});
parent.postMessage({ kind: 'ready' }, '*');
