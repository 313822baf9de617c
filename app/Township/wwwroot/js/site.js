// On every page: times in the reader's zone and, for those signed in, notifications as they happen.

import { subscribe } from './live.js';

const { locale, zone, user } = document.body.dataset;

const moments = new Intl.DateTimeFormat(locale || undefined, {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: zone && zone !== 'UTC' ? zone : undefined,
});

/** Shows every <time data-moment> below an element in the reader's own zone; call it for content added later. */
export function showMoments(root = document) {
  for (const element of root.querySelectorAll('time[data-moment]')) {
    element.textContent = moments.format(new Date(element.dateTime));
  }
}

/** A short message at the edge of the page, with an optional link. */
export function toast(text, link) {
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
