// Operations: ask where it matters, do, say what came of it.

import { send } from './api.js';
import { button, h, patch } from './dom.js';

const busy = new Set();
let toasts = [];

export const isBusy = key => busy.has(key);

/** Sends a change; says so when it is done, and why when it is not. Returns whether it was done. */
export async function act(key, method, path, body, done, after) {
  if (busy.has(key)) return false;
  busy.add(key);
  after?.();
  try {
    const answer = await send(method, path, body);
    toast('ok', typeof done === 'function' ? done(answer) : done);
    return true;
  } catch (error) {
    toast('bad', `${error.title ?? 'Failed'}. ${error.message}`);
    return false;
  } finally {
    busy.delete(key);
    after?.();
  }
}

export function toast(kind, text) {
  const entry = { kind, text, id: Symbol('toast') };
  toasts = [...toasts.slice(-3), entry];
  show();
  setTimeout(() => {
    toasts = toasts.filter(other => other !== entry);
    show();
  }, kind === 'bad' ? 9000 : 4500);
}

function show() {
  patch(document.getElementById('toasts'), toasts.map(t => h('p', { class: `toast ${t.kind}`, key: t.id }, t.text)));
}

/** Asks before what cannot be undone. Resolves to true when it is wanted. */
export function confirm(title, text, verb) {
  return new Promise(resolve => {
    const dialog = document.createElement('dialog');
    dialog.setAttribute('aria-labelledby', 'confirm-title');
    patch(dialog, [
      h('h2', { id: 'confirm-title' }, title),
      h('p', null, text),
      h('div', { class: 'foot' },
        button('Keep it as it is', () => dialog.close(''), { autofocus: true }),
        button(verb, () => dialog.close('yes'), { class: 'danger' })),
    ]);
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.getElementById('dialogs').append(dialog);
    dialog.showModal();
  });
}

/** A dialog that its caller fills, again and again if need be: open(title) returns show(nodes). */
export function open(title) {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', 'open-title');
  dialog.addEventListener('close', () => dialog.remove());
  document.getElementById('dialogs').append(dialog);
  const showIn = (nodes, foot) => patch(dialog, [
    h('h2', { id: 'open-title' }, title),
    h('div', { class: 'body' }, nodes),
    h('div', { class: 'foot' }, foot ?? [], button('Close', () => dialog.close(), { autofocus: true })),
  ]);
  showIn(h('p', { class: 'muted' }, 'Loading…'));
  dialog.showModal();
  return { show: showIn, close: () => dialog.close() };
}
