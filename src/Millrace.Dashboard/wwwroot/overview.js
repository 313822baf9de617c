import { chart } from './chart.js';
import { button, fill, h, icon, patch, state } from './dom.js';
import { bytes, count, percent, span } from './format.js';

const ratio = (hits, misses) => (hits + misses === 0 ? null : hits / (hits + misses));
const windows = [[300, '5 min'], [900, '15 min'], [3600, '1 h']];

const perSecond = (value, view) => (view ? value / view.intervalSeconds : value);
let history = null;

const charts = [
  chart({
    title: 'Hit rate', max: 1, format: percent,
    series: [
      { name: 'data', value: s => ratio(s.hits, s.misses) },
      { name: 'pages', value: s => ratio(s.pageHits, s.pageMisses) },
    ],
  }),
  chart({
    title: 'Cache reads per second', format: rate,
    series: [
      { name: 'hits', value: s => perSecond(s.hits + s.pageHits, history) },
      { name: 'misses', value: s => perSecond(s.misses + s.pageMisses, history) },
    ],
  }),
  chart({
    title: 'Jobs per minute', format: rate,
    series: [
      { name: 'completed', value: s => perSecond(s.completed, history) * 60 },
      { name: 'failed attempts', value: s => perSecond(s.failed, history) * 60 },
    ],
  }),
  chart({
    title: 'Jobs in the queues', format: rate,
    series: [
      { name: 'waiting', value: s => s.waiting },
      { name: 'running', value: s => s.running },
      { name: 'dead', value: s => s.dead },
    ],
  }),
];

function rate(value) {
  if (value === null || value === undefined) return '–';
  return value >= 10 || Number.isInteger(value) ? count(value) : value.toFixed(1);
}

export function overview(model, redraw) {
  patch(document.getElementById('tiles'), tiles(model));
  const root = document.getElementById('charts');
  patch(root, [
    h('div', { class: 'bar-line' },
      h('div', { class: 'choice', role: 'group', 'aria-label': 'Time shown in the charts' },
        windows.map(([seconds, name]) => button(name, () => { model.window = seconds; redraw(); }, { 'aria-pressed': String(model.window === seconds) })))),
    h('div', { class: 'charts', own: true }),
  ]);
  const box = root.querySelector('.charts');
  if (box.childElementCount === 0) box.append(...charts.map(c => c.element));
  drawCharts(model);
}

export function drawCharts(model) {
  history = model.history;
  if (!history) return;
  const now = history.samples.at(-1)?.at ?? model.overview?.at;
  // A young application fills the chart too, instead of a sliver at its right edge.
  const age = (new Date(now) - new Date(history.samples[0]?.at ?? now)) / 1000;
  const seconds = Math.min(model.window, Math.max(60, Math.ceil(age)));
  if (now) for (const c of charts) c.draw(history.samples, seconds, now);
}

function tiles({ overview: o, history: h1 }) {
  const recent = (h1?.samples ?? []).slice(-Math.ceil(300 / (h1?.intervalSeconds ?? 5)));
  const sum = name => recent.reduce((total, sample) => total + sample[name], 0);
  const data = ratio(sum('hits'), sum('misses'));
  const pages = ratio(sum('pageHits'), sum('pageMisses'));
  const used = o.caches.reduce((n, c) => n + c.sizeBytes, 0);
  const limit = o.caches.reduce((n, c) => n + c.sizeLimitBytes, 0);
  const { totals } = o.jobs;
  const alive = o.jobs.workers.filter(w => w.alive).length;
  const jobsDown = o.jobs.error !== null && o.jobs.error !== undefined;
  return h('dl', { class: 'tiles' },
    tile('Hit rate, last 5 min', percent(data), `pages ${percent(pages)}`),
    tile('Cache memory', bytes(used), fill(used, limit, `of ${bytes(limit)}`, true)),
    tile('Jobs waiting', jobsDown ? '–' : count(totals.waiting), jobsDown ? 'store does not answer' : `${count(totals.delayed)} delayed`),
    tile('Jobs running', jobsDown ? '–' : count(totals.running), jobsDown ? '' : `${count(alive)} ${alive === 1 ? 'worker' : 'workers'}`),
    tile('Dead jobs', totals.dead > 0 ? state('bad', count(totals.dead)) : jobsDown ? '–' : state('ok', 'none'), jobsDown ? '' : `${count(totals.retrying)} retrying`),
    tile('Connections', count(o.channels.connections), `${count(o.channels.channels)} ${o.channels.channels === 1 ? 'channel' : 'channels'}`),
    tile('Health', healthState(o.health.status), `up ${span((new Date(o.at) - new Date(o.startedAt)) / 1000)}`));
}

function tile(name, figure, note) {
  return h('div', { class: 'tile', key: name }, h('dt', null, name), h('dd', { class: 'figure' }, figure), h('dd', { class: 'note' }, note));
}

export function healthState(status) {
  return { Healthy: state('ok', 'Healthy'), Degraded: state('warn', 'Degraded') }[status] ?? state('bad', status);
}

export function health({ overview: o }) {
  const checks = o.health.checks ?? [];
  patch(document.getElementById('health-list'), checks.length === 0
    ? h('p', { class: 'empty' }, 'No health check is registered with the tag “ready”.')
    : h('div', { class: 'table-box' }, h('table', null,
      h('caption', { class: 'visually-hidden' }, 'Health checks'),
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Check'), h('th', { scope: 'col' }, 'State'), h('th', { scope: 'col' }, 'What it says'))),
      h('tbody', null, checks.map(c => h('tr', { key: c.name },
        h('th', { scope: 'row', class: 'name' }, c.name),
        h('td', { 'data-label': 'State' }, healthState(c.status)),
        h('td', { class: 'wide muted', 'data-label': 'What it says' }, c.description ?? '')))))));
}

export function link(model) {
  const parts = {
    live: ['ok', 'Live'],
    polling: ['warn', 'Polling'],
    lost: ['bad', 'Disconnected'],
    closed: ['bad', 'Closed'],
    starting: ['wait', 'Connecting'],
  }[model.link.state];
  patch(document.getElementById('link'), [
    model.access && !model.access.canOperate ? h('span', { class: 'state off', key: 'ro' }, icon('lock'), h('span', null, 'Read only')) : null,
    h('span', { key: 'link' }, state(...parts)),
  ]);
}
