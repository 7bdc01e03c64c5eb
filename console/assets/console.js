// The console's script. Every page works without it; with it, pages stay fresh, and what is relative to now keeps counting. The
// server has put the reader's zone into every time.

const MAX_PAUSE_MS = 30_000;

// --- Times ---------------------------------------------------------------------------------------------------------

/** 75 → "1 min 15 s", 5400 → "1 h 30 min": two units are enough to act upon. */
function span(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

function relative(at) {
  const seconds = Math.round((at - Date.now()) / 1000);
  if (seconds === 0) return 'now';
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

function countTimes(within) {
  for (const element of within.querySelectorAll('time[data-show=relative]')) {
    const text = relative(new Date(element.dateTime));
    if (element.textContent !== text) element.textContent = text;
  }
}

// Only the browser knows its zone.
const localZone = document.querySelector('[data-local-zone]');
if (localZone !== null) localZone.value = new Intl.DateTimeFormat().resolvedOptions().timeZone;

// --- Refresh -------------------------------------------------------------------------------------------------------

/** Describes what has the focus inside an element, so that it can be found again in the element that replaces it. */
function focusedWithin(element) {
  const focused = document.activeElement;
  if (focused === null || !element.contains(focused)) return undefined;
  const all = [...element.querySelectorAll('a, button, summary, input, [tabindex]')];
  return { href: focused.getAttribute('href'), index: all.indexOf(focused) };
}

function giveFocusBack(element, was) {
  const all = [...element.querySelectorAll('a, button, summary, input, [tabindex]')];
  const same = all.find((other) => was.href !== null && other.getAttribute('href') === was.href) ?? all[was.index];
  same?.focus({ preventScroll: true });
}

/** The markup comes from the console's server, which has escaped it. */
function parse(markup) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  const element = template.content.firstElementChild;
  countTimes(element);
  showCopying(element);
  return element;
}

/** What the reader has done to an element is done to the one in its place. */
function replace(old, fresh) {
  const focus = focusedWithin(old);
  const open = old.querySelector('details')?.open;
  if (open === true) fresh.querySelector('details')?.setAttribute('open', '');
  for (const box of old.querySelectorAll('input[type=checkbox]:checked')) {
    const same = fresh.querySelector(`input[type=checkbox][value="${CSS.escape(box.value)}"]`);
    if (same !== null) same.checked = true;
  }
  old.replaceWith(fresh);
  if (focus !== undefined) giveFocusBack(fresh, focus);
}

/** Replaces what changed and touches nothing else: scroll position, focus, ticks and selection stay. */
function update({ elements, lists }) {
  const deadBefore = deadLetters();
  for (const { key, version, html } of elements) {
    const old = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (old !== null && old.dataset.version !== version) replace(old, parse(html));
  }
  for (const { name, children } of lists) {
    const list = document.querySelector(`[data-list="${CSS.escape(name)}"]`);
    if (list !== null) updateList(list, children);
  }
  announceDeadLetters(deadLetters() - deadBefore);
  showChosen();
}

function updateList(list, children) {
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const wanted = new Set(children.map(({ key }) => key));
  for (const [key, child] of known) if (!wanted.has(key) && !isTicked(child)) child.remove();
  let place = list.firstElementChild;
  for (const { key, version, html } of children) {
    while (place !== null && !wanted.has(place.dataset.key)) place = place.nextElementSibling;
    let child = known.get(key);
    if (child === undefined || child.dataset.version !== version) {
      const fresh = parse(html);
      if (child === undefined) fresh.classList.add('new');
      else {
        if (child === place) place = fresh;
        replace(child, fresh);
      }
      child = fresh;
    }
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
  }
}

/** What was ticked stays until the page is left: nobody is to act on what has slipped away under the pointer. */
function isTicked(row) {
  return row.querySelector('input[type=checkbox]:checked') !== null;
}

function deadLetters() {
  return Number(document.querySelector('[data-dead-letters]')?.dataset.deadLetters ?? 0);
}

/** The only change worth interrupting a screen reader for. */
function announceDeadLetters(more) {
  const region = document.querySelector('[data-announce]');
  if (more > 0 && region !== null) region.textContent = `${more} more dead ${more === 1 ? 'letter' : 'letters'}`;
}

/** A page that nobody sees asks for nothing: a database that may sleep then sleeps. */
function startRefresh({ refresh: path, refreshMs: every }) {
  const refreshMs = Number(every);
  const pulse = document.querySelector('[data-pulse]');
  let pauseMs = refreshMs;
  let timer;
  let asking = false;
  const showPulse = (text, lost) => {
    if (pulse === null) return;
    pulse.hidden = false;
    pulse.classList.toggle('lost', lost);
    if (pulse.textContent !== text) pulse.textContent = text;
  };
  const refresh = async () => {
    asking = true;
    try {
      const response = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-store' });
      if (!response.ok) throw new Error(String(response.status));
      update(await response.json());
      pauseMs = refreshMs;
      showPulse('live', false);
    } catch {
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      showPulse('not connected', true);
    }
    asking = false;
    if (!document.hidden) timer = setTimeout(refresh, pauseMs);
  };
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden || asking) return;
    pauseMs = refreshMs;
    timer = setTimeout(refresh, 0);
  });
  showPulse('live', false);
  timer = setTimeout(refresh, pauseMs);
}

// --- Choosing ------------------------------------------------------------------------------------------------------

function boxes() {
  return [...document.querySelectorAll('[data-list] input[type=checkbox]')];
}

/** How many are ticked; what can be done with them is offered when there are any. */
function showChosen() {
  const form = document.querySelector('[data-chosen]');
  if (form === null) return;
  const all = boxes();
  const chosen = all.filter(({ checked }) => checked).length;
  form.classList.toggle('none-chosen', chosen === 0);
  form.querySelector('[data-chosen-words]').textContent =
    chosen === 0 ? 'Tick deliveries to do something with them.' : `${chosen} ticked:`;
  for (const button of form.querySelectorAll('button')) button.disabled = chosen === 0;
  const every = document.querySelector('[data-choose-all]');
  every.hidden = false;
  every.checked = chosen > 0 && chosen === all.length;
  every.indeterminate = chosen > 0 && chosen < all.length;
}

document.addEventListener('change', (event) => {
  if (event.target.matches('[data-choose-all]')) for (const box of boxes()) box.checked = event.target.checked;
  if (event.target.matches('input[type=checkbox]')) showChosen();
});

// --- Forms ---------------------------------------------------------------------------------------------------------

function notice(text, bad) {
  const region = document.querySelector('[data-notice]');
  region.hidden = false;
  region.classList.toggle('bad', bad);
  region.textContent = text;
}

async function submitInPlace(form) {
  const button = form.querySelector('button');
  button.disabled = true;
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams(new FormData(form)),
    });
    const { ok, message } = await response.json();
    notice(message, !ok);
  } catch {
    notice('No answer. Try again.', true);
  } finally {
    button.disabled = false;
    button.focus();
  }
}

document.addEventListener('submit', (event) => {
  if (event.target.matches('form[data-inline]')) {
    event.preventDefault();
    submitInPlace(event.target);
    return;
  }
  // What was left empty does not stand in the address bar.
  if (event.target.method === 'get') {
    for (const field of event.target.elements) if (field.value === '') field.disabled = true;
  }
});
// Back from the next page, the fields are there again.
window.addEventListener('pageshow', () => {
  for (const field of document.querySelectorAll('form[method=get] :disabled')) field.disabled = false;
});

// A choice fills in the endpoint and keeps the rest of the form; without this script it is a link.
document.addEventListener('click', (event) => {
  const choice = event.target.closest('[data-endpoint]');
  if (choice === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const endpoint = document.querySelector('#endpoint_url');
  endpoint.value = choice.dataset.endpoint;
  endpoint.focus();
});

// Only a script can copy.
function showCopying(within) {
  for (const button of within.querySelectorAll('[data-copy], [data-copy-next]')) button.hidden = false;
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy], [data-copy-next]');
  if (button === null) return;
  const next = button.parentElement.nextElementSibling;
  await navigator.clipboard.writeText(button.dataset.copy ?? next.textContent);
  button.textContent = 'Copied';
});

// "/" moves to the search field, as in many lists.
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.matches('input, textarea, select')) return;
  const search = document.querySelector('#q');
  if (search === null) return;
  event.preventDefault();
  search.focus();
  search.select();
});

countTimes(document);
showCopying(document);
showChosen();
setInterval(() => {
  if (!document.hidden) countTimes(document);
}, 1000);
if (document.body.dataset.refresh !== undefined) startRefresh(document.body.dataset);
