// The dashboard's custom widgets. Each is a frame without rights; what it asks for is done here, after the question it comes with.

const CALL_PATH = '/console/dashboard/call';
const range = () => new URLSearchParams(location.search).get('range') ?? '';

async function ask(question) {
  try {
    const response = await fetch(`${CALL_PATH}?range=${encodeURIComponent(range())}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(question),
    });
    if (!response.ok) return escaped((await response.text()).trim());
    return (await response.json()).html;
  } catch {
    return escaped('The stack does not answer.');
  }
}

function escaped(text) {
  const paragraph = document.createElement('p');
  paragraph.textContent = text;
  return paragraph.outerHTML;
}

/** A dialog of this page: nothing in a frame can answer for the person. */
function dialogWith(parts, className) {
  const dialog = document.createElement('dialog');
  dialog.className = className;
  dialog.append(...parts);
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function button(label, pressed) {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = label;
  element.addEventListener('click', pressed);
  return element;
}

function confirmed(question) {
  return new Promise((resolve) => {
    const text = document.createElement('p');
    text.textContent = question;
    const buttons = document.createElement('p');
    let answer = false;
    const dialog = dialogWith([text, buttons], 'question');
    buttons.append(
      button('Yes', () => {
        answer = true;
        dialog.close();
      }),
      button('No', () => dialog.close()),
    );
    dialog.addEventListener('close', () => resolve(answer));
    buttons.lastElementChild.focus();
  });
}

/** Shows markup in a frame that has said that it is ready. */
function newFrame(title) {
  const frame = document.createElement('iframe');
  frame.title = title;
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.src = '/console/dashboard/frame';
  return frame;
}

/** The frames of this page, each with what it shows and whose widget it belongs to. */
const shown = new Map();

function show(frame, markup) {
  const known = shown.get(frame);
  known.markup = markup;
  if (known.isReady) frame.contentWindow.postMessage({ html: markup }, '*');
}

function popup(widget, markup) {
  const frame = newFrame('Answer');
  const close = document.createElement('p');
  const dialog = dialogWith([frame, close], 'answer');
  close.append(button('Close', () => dialog.close()));
  shown.set(frame, { widget, isReady: false });
  show(frame, markup);
  dialog.addEventListener('close', () => {
    shown.delete(frame);
    // Whatever was ordered has changed what the widget shows.
    void refresh(widget);
  });
}

async function refresh(widget) {
  const said = widget.querySelector('[data-said]');
  said.textContent = 'asking…';
  const { dashboard, widget: index } = widget.dataset;
  const markup = await ask({ dashboard: Number(dashboard), widget: Number(index) });
  said.textContent = '';
  show(widget.querySelector('iframe'), markup);
}

async function act(frame, { kind, confirmation, display, html, endpoint, params, forms }) {
  const { widget } = shown.get(frame);
  if (typeof confirmation === 'string' && !(await confirmed(confirmation))) return;
  const { dashboard, widget: index } = widget.dataset;
  const question = { dashboard: Number(dashboard), widget: Number(index), endpoint, params, forms };
  const markup = kind === 'call' ? await ask(question) : String(html);
  if (display === 'popup') popup(widget, markup);
  else show(frame, markup);
}

addEventListener('message', ({ source, data }) => {
  const frame = [...shown.keys()].find(({ contentWindow }) => contentWindow === source);
  if (frame === undefined) return;
  if (data.kind === 'ready') {
    shown.get(frame).isReady = true;
    if (shown.get(frame).markup !== undefined) show(frame, shown.get(frame).markup);
  } else if (data.kind === 'height') frame.style.height = `${Math.min(Number(data.height) || 0, 2000) + 8}px`;
  else if (data.kind === 'call' || data.kind === 'show') void act(frame, data);
});

for (const widget of document.querySelectorAll('.custom')) {
  // Made here, so that it cannot be ready before anybody listens.
  const frame = newFrame(widget.dataset.title);
  shown.set(frame, { widget, isReady: false });
  widget.append(frame);
  widget.querySelector('[data-ask]').addEventListener('click', () => void refresh(widget));
  void refresh(widget);
}
