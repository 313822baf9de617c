// Parts of a page that follow what happens elsewhere, and forms that change them without a reload.
//
//   <div id="board" data-refresh="project:42" data-refresh-on="task-updated">   loads itself anew when the channel says so
//   <form data-enhance="board">                                                 posts, then takes the part from the answer
//
// The server renders both: without this script the same page works by ordinary requests.

import { subscribe } from './live.js';
import { showMoments } from './moments.js';

const waiting = new Map(); // id → timer: a burst of messages loads once

function replace(id, html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').getElementById(id);
  const old = document.getElementById(id);
  if (!fresh || !old) return false;
  const focused = old.contains(document.activeElement) ? key(document.activeElement) : null;
  old.replaceChildren(...fresh.childNodes);
  showMoments(old);
  if (focused) find(old, focused)?.focus({ preventScroll: true });
  return true;
}

// A control is the same one if it has the same name and value, in the same item of a list.
function key(element) {
  return { item: element.closest('[id]')?.id, name: element.name ?? '', value: element.value ?? '', href: element.getAttribute('href') };
}

function find(root, { item, name, value, href }) {
  const scope = (item && document.getElementById(item)) || root;
  const controls = [...scope.querySelectorAll('a, button, input, select, textarea')];
  return controls.find((control) => (href ? control.getAttribute('href') === href : control.name === name && control.value === value))
    ?? controls[0];
}

async function load(id) {
  const response = await fetch(location.href, { headers: { accept: 'text/html' }, credentials: 'same-origin' });
  if (response.ok) replace(id, await response.text());
}

function isBusy(id) {
  const part = document.getElementById(id);
  return part?.contains(document.activeElement) && document.activeElement.matches('input, textarea, select');
}

/** Loads a part anew, soon; not while somebody types in it. */
export function refresh(id) {
  if (waiting.has(id)) return;
  waiting.set(id, setTimeout(() => {
    waiting.delete(id);
    if (isBusy(id)) refresh(id);
    else load(id).catch(() => {}); // offline: the connection's return loads it
  }, 150));
}

const parts = [...document.querySelectorAll('[data-refresh]')];
for (const part of parts) {
  const types = (part.dataset.refreshOn ?? '').split(' ');
  subscribe(part.dataset.refresh, ({ type }) => {
    if (types.includes(type)) refresh(part.id);
  });
}
document.addEventListener('live:restored', () => parts.forEach((part) => refresh(part.id)));

document.addEventListener('submit', async (event) => {
  const form = event.target.closest('form[data-enhance]');
  if (!form || event.defaultPrevented) return; // prevented: a second click on what is on its way
  event.preventDefault();
  const id = form.dataset.enhance;
  const part = document.getElementById(id);
  part.classList.add('is-busy');
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams(new FormData(form, event.submitter)),
      headers: { accept: 'text/html' },
      credentials: 'same-origin',
    });
    if (!response.ok || !replace(id, await response.text())) location.assign(form.dataset.fallback ?? location.href);
  } catch {
    location.reload();
  } finally {
    part.classList.remove('is-busy');
  }
});
