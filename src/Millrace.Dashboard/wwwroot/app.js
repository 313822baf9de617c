// The page: one model, one draw. live.js brings the data; each view draws its section from it.

import { get } from './api.js';
import { cache } from './cache.js';
import { channels } from './channels.js';
import { h, icon, patch } from './dom.js';
import { time } from './format.js';
import { jobs, queues, schedules, workers } from './jobs.js';
import { follow } from './live.js';
import { drawCharts, health, link, overview } from './overview.js';

const model = {
  overview: null, // the last one that arrived
  history: null, // { intervalSeconds, capacity, samples }
  access: null, // { user, canOperate }
  link: { state: 'starting' },
  window: 900,
};

function draw() {
  link(model);
  notice();
  document.getElementById('main').classList.toggle('stale', model.overview !== null && (model.link.state === 'lost' || model.link.state === 'closed'));
  if (model.overview === null) {
    const waiting = model.link.state === 'starting';
    patch(document.getElementById('tiles'), h('p', { class: 'empty' }, waiting ? 'Loading…' : 'There is nothing to show yet.'));
    document.getElementById('main').classList.add('bare');
    return;
  }
  document.getElementById('main').classList.remove('bare');
  const { application, environment, node } = model.overview;
  patch(document.getElementById('where'), `${application} · ${environment} · ${node}`);
  document.title = `${model.overview.jobs.totals.dead > 0 ? `(${model.overview.jobs.totals.dead} dead) ` : ''}${application} – Millrace`;
  for (const view of [overview, cache, queues, jobs, schedules, workers, channels, health]) view(model, draw);
}

function notice() {
  const { state, error, retryIn } = model.link;
  const box = document.getElementById('notice');
  if (state === 'closed') {
    patch(box, h('div', { class: 'notice bad' }, icon('lock'), h('div', null,
      h('p', null, h('strong', null, error.status === 401 ? 'You are not signed in, or may not look.' : 'You may not look.')), h('p', null, error.message))));
  } else if (state === 'lost') {
    const since = model.overview ? ` What you see is the state of ${time(model.overview.at)}.` : '';
    patch(box, h('div', { class: 'notice bad' }, icon('warn'), h('div', null,
      h('p', null, h('strong', null, error.title ?? 'Disconnected'), `. ${error.message}${since}`),
      h('p', null, `Trying again every ${retryIn} s.`))));
  } else if (state === 'polling' && model.link.rounds > 2) {
    patch(box, h('div', { class: 'notice warn' }, icon('warn'), h('p', null, 'The live stream does not come through (a proxy may hold it back). The page polls instead.')));
  } else {
    patch(box, []);
  }
}

async function askAccess() {
  try {
    model.access = await get('/access');
    patch(document.getElementById('who'), `· ${model.access.user}`);
    draw();
  } catch {
    // the stream tells what is wrong
  }
}

/** Marks the section that is being read in the navigation. */
function watchSections() {
  const links = new Map([...document.querySelectorAll('nav a')].map(a => [a.hash.slice(1), a]));
  const seen = new Set();
  const observer = new IntersectionObserver(entries => {
    for (const entry of entries) entry.isIntersecting ? seen.add(entry.target.id) : seen.delete(entry.target.id);
    const first = [...links.keys()].find(id => seen.has(id));
    for (const [id, a] of links) id === first ? a.setAttribute('aria-current', 'true') : a.removeAttribute('aria-current');
  }, { rootMargin: '-120px 0px -40% 0px' });
  for (const id of links.keys()) observer.observe(document.getElementById(id));
}

follow({
  overview(next) {
    const restarted = model.overview?.startedAt !== next.startedAt;
    model.overview = next;
    if (restarted) askAccess();
    draw();
  },
  history(view) {
    model.history = view;
    if (model.overview) draw();
  },
  sample(sample) {
    if (!model.history) return;
    model.history.samples.push(sample);
    if (model.history.samples.length > model.history.capacity) model.history.samples.shift();
    drawCharts(model);
  },
  link(next) {
    next.rounds = next.state === 'polling' ? (model.link.rounds ?? 0) + 1 : 0;
    const changed = next.state !== model.link.state || next.retryIn !== model.link.retryIn || next.rounds !== model.link.rounds;
    model.link = next;
    if (changed) draw();
  },
});
watchSections();
draw();
