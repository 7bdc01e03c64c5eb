// The console's script. Every page works without it; with it, pages stay fresh and times are in the browser's zone.

const REFRESH_MS = 2000;
const MAX_PAUSE_MS = 30_000;

// --- Times ---------------------------------------------------------------------------------------------------------

const clockOfToday = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const clockOfOtherDays = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/** Attempts can lie milliseconds apart. */
const exactClock = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  timeZoneName: 'short',
});

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

function clock(at) {
  return new Date().toDateString() === at.toDateString() ? clockOfToday.format(at) : clockOfOtherDays.format(at);
}

const SHOWN = { relative, clock, exact: (at) => exactClock.format(at) };

function showTimes(within) {
  for (const element of within.querySelectorAll('time[data-show]')) {
    const at = new Date(element.dateTime);
    const text = SHOWN[element.dataset.show](at);
    if (element.textContent !== text) element.textContent = text;
  }
}

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
  showTimes(element);
  return element;
}

function replace(old, fresh) {
  const focus = focusedWithin(old);
  const open = old.querySelector('details')?.open;
  if (open === true) fresh.querySelector('details')?.setAttribute('open', '');
  old.replaceWith(fresh);
  if (focus !== undefined) giveFocusBack(fresh, focus);
}

/** Replaces what changed and touches nothing else: scroll position, focus and selection stay. */
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
}

function updateList(list, children) {
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const wanted = new Set(children.map(({ key }) => key));
  for (const [key, child] of known) if (!wanted.has(key)) child.remove();
  let place = list.firstElementChild;
  for (const { key, version, html } of children) {
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

function deadLetters() {
  return Number(document.querySelector('[data-dead-letters]')?.dataset.deadLetters ?? 0);
}

/** The only change worth interrupting a screen reader for. */
function announceDeadLetters(more) {
  const region = document.querySelector('[data-announce]');
  if (more > 0 && region !== null) region.textContent = `${more} more dead ${more === 1 ? 'letter' : 'letters'}`;
}

function startRefresh(path) {
  const pulse = document.querySelector('[data-pulse]');
  let pauseMs = REFRESH_MS;
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
      pauseMs = REFRESH_MS;
      showPulse('live', false);
    } catch {
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      showPulse('not connected', true);
    }
    asking = false;
    if (document.hidden) pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
    timer = setTimeout(refresh, pauseMs);
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || asking) return;
    clearTimeout(timer);
    pauseMs = REFRESH_MS;
    timer = setTimeout(refresh, 0);
  });
  showPulse('live', false);
  timer = setTimeout(refresh, pauseMs);
}

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
  if (!event.target.matches('form[data-inline]')) return;
  event.preventDefault();
  submitInPlace(event.target);
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

// "/" moves to the search field, as in many lists.
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.matches('input, textarea, select')) return;
  const search = document.querySelector('#q');
  if (search === null) return;
  event.preventDefault();
  search.focus();
  search.select();
});

showTimes(document);
setInterval(() => {
  if (!document.hidden) showTimes(document);
}, 1000);
if (document.body.dataset.refresh !== undefined) startRefresh(document.body.dataset.refresh);
