import { act, confirm, isBusy } from './act.js';
import { button, fill, h, patch, state, table } from './dom.js';
import { bytes, count, duration, exact, percent } from './format.js';

const shownPatterns = 20;
let all = false;

export function cache(model, redraw) {
  const { overview: o } = model;
  const may = model.access?.canOperate;
  patch(document.getElementById('caches'), [
    table('Caches', [
      { head: 'Cache', cell: c => h('span', { class: 'name' }, c.name) },
      { head: 'Hit rate', num: true, cell: c => percent(c.hits + c.misses === 0 ? null : c.hitRatio) },
      { head: 'Hits', num: true, cell: c => count(c.hits) },
      { head: 'Misses', num: true, cell: c => count(c.misses) },
      shares(o) ? { head: 'Second level', cell: c => secondLevel(c) } : null,
      shares(o) ? { head: 'Reads there, 95 %', num: true, cell: c => duration(c.latencies.find(l => l.layer === 'l2' && l.operation === 'read')?.p95Seconds) } : null,
      shares(o) ? { head: 'Errors there', num: true, cell: c => c.isSharing === null ? '' : count(c.remoteErrors) } : null,
      shares(o) ? { head: 'Hits there', num: true, cell: c => c.isSharing === null ? '' : count(c.remoteHits) } : null,
      { head: 'Entries', cell: c => fill(c.entries, c.entryLimit, `${count(c.entries)} of ${count(c.entryLimit)}`, true) },
      { head: 'Memory', cell: c => fill(c.sizeBytes, c.sizeLimitBytes, `${bytes(c.sizeBytes)} of ${bytes(c.sizeLimitBytes)}`, true) },
      { head: 'Evicted', num: true, cell: c => count(c.evictions) },
      { head: 'Expired', num: true, cell: c => count(c.expirations) },
      { head: 'Source errors', num: true, cell: c => exact(c.factoryErrors) },
      may ? { head: '', acts: true, cell: c => button('Clear', () => clear(c.name, redraw), { class: 'danger', busy: isBusy(`clear:${c.name}`), 'aria-label': `Clear the cache ${c.name}` }) } : null,
    ].filter(Boolean), o.caches, c => c.name, 'No cache is registered.'),
    may ? invalidation(o, redraw) : null,
  ]);
  patterns(o, redraw);
}

const shares = o => o.caches.some(c => c.isSharing !== null);

function secondLevel(c) {
  if (c.isSharing === null) return 'none';
  return c.isSharing ? state('ok', 'connected') : state('warn', 'away');
}

function patterns(o, redraw) {
  const rows = o.caches.flatMap(c => c.patterns.map(p => ({ ...p, cache: c.name })))
    .filter(p => p.hits + p.misses + p.entries > 0)
    .sort((a, b) => b.hits + b.misses - a.hits - a.misses);
  patch(document.getElementById('patterns'), [
    h('h3', null, 'Key patterns, most read first'),
    table('Key patterns', [
      { head: 'Pattern', cell: p => h('span', { class: 'mono' }, p.pattern) },
      { head: 'Cache', cell: p => p.cache },
      { head: 'Hit rate', cell: p => fill(p.hits, p.hits + p.misses, percent(p.hits + p.misses === 0 ? null : p.hitRatio)) },
      { head: 'Hits', num: true, cell: p => count(p.hits) },
      { head: 'Misses', num: true, cell: p => count(p.misses) },
      { head: 'Source, 95 %', num: true, cell: p => duration(p.sourceLatency.p95Seconds) },
      { head: 'Entries', num: true, cell: p => count(p.entries) },
      { head: 'Memory', num: true, cell: p => bytes(p.sizeBytes) },
    ], all ? rows : rows.slice(0, shownPatterns), p => `${p.cache} ${p.pattern}`, 'Nothing has been read through the cache yet.'),
    rows.length > shownPatterns
      ? h('p', { class: 'bar-line', key: 'more' }, button(all ? 'Show fewer' : `Show all ${rows.length}`, () => { all = !all; redraw(); }))
      : null,
  ]);
}

function invalidation(o, redraw) {
  const sending = isBusy('invalidate');
  return h('form', { class: 'inline', key: 'invalidate', on: { submit: event => invalidate(event, redraw) } },
    h('label', null, 'Cache', h('select', { name: 'cache' },
      h('option', { value: '' }, 'default and output'), o.caches.map(c => h('option', { value: c.name, key: c.name }, c.name)))),
    h('label', null, 'What', h('select', { name: 'what' }, h('option', { value: 'tags' }, 'Tag'), h('option', { value: 'keys' }, 'Key'))),
    h('label', null, 'Name', h('input', { type: 'text', name: 'name', required: true, maxlength: 256, autocomplete: 'off', spellcheck: 'false', placeholder: 'project:42' })),
    h('button', { type: 'submit', class: 'primary', 'aria-disabled': sending ? 'true' : null }, 'Invalidate'),
    o.warmers.length > 0 ? button(`Warm (${o.warmers.length})`, () => act('warm', 'POST', '/cache/warm', {}, warmed, redraw), { busy: isBusy('warm'), 'aria-label': `Run ${o.warmers.length} cache warmers` }) : null);
}

function invalidate(event, redraw) {
  event.preventDefault();
  const data = new FormData(event.currentTarget);
  const name = data.get('name').trim();
  if (name === '') return;
  const body = { [data.get('what')]: [name] };
  if (data.get('cache')) body.cache = data.get('cache');
  act('invalidate', 'POST', '/cache/invalidate', body, `Invalidated ${data.get('what') === 'tags' ? 'tag' : 'key'} ${name}.`, redraw);
}

async function clear(name, redraw) {
  if (await confirm(`Clear the cache “${name}”?`, 'Every entry becomes invalid at once. Readers fetch from the source again, which may be slow for a while.', 'Clear it')) {
    await act(`clear:${name}`, 'POST', '/cache/invalidate', { cache: name, all: true }, `Cleared the cache ${name}.`, redraw);
  }
}

function warmed(runs) {
  const failed = runs.filter(r => r.failure);
  const entries = runs.reduce((n, r) => n + r.entries, 0);
  return failed.length === 0 ? `Warmed ${exact(entries)} entries.` : `Warmed ${exact(entries)} entries; failed: ${failed.map(r => r.name).join(', ')}.`;
}
