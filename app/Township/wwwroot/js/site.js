// On every page: times in the reader's zone and, for those signed in, notifications as they happen.
// The page loads it under an address with a version; a module that imported it too would run it twice. Import what it imports.

import { subscribe } from './live.js';
import { showMoments } from './moments.js';

const { user } = document.body.dataset;

/** A short message at the edge of the page, with an optional link. */
function toast(text, link) {
  const box = document.createElement(link ? 'a' : 'p');
  box.className = 'toast';
  box.textContent = text;
  if (link) box.href = link;
  document.getElementById('toasts').append(box);
  setTimeout(() => box.remove(), 8000);
}

function showUnread(count) {
  const badge = document.getElementById('unread');
  if (!badge) return;
  badge.hidden = count === 0;
  badge.textContent = count > 99 ? '99+' : String(count);
  badge.setAttribute('aria-label', `${count} unread`);
}

showMoments();

if (user) {
  subscribe(`user:${user}`, ({ type, data }) => {
    if (type !== 'inbox-changed') return;
    showUnread(data.unread);
    if (data.title) toast(data.title, data.link);
  });
}

// One click is enough: a form that has been sent is not sent again.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post' || form.dataset.sent) {
    if (form.dataset.sent) event.preventDefault();
    return;
  }
  form.dataset.sent = 'true';
  setTimeout(() => delete form.dataset.sent, 5000);
});
