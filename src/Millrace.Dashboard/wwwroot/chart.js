// A line chart over time, as SVG: axes, a gap where there is no data, a cursor for pointer and arrow keys, and the same numbers as a
// table. Series differ by dash and by name as well as by colour.

import { h, patch } from './dom.js';
import { hourMinute, time } from './format.js';

const height = 200;
const pad = { left: 46, right: 10, top: 10, bottom: 24 };

/**
 * options: { title, unit, format(value), max (fixed top of the scale) or none, series: [{ name, value(sample) }] }
 * Returns an object with an element and draw(samples, seconds, now).
 */
export function chart(options) {
  const element = document.createElement('figure');
  element.className = 'chart';
  let points = [];
  let range = { from: 0, to: 1 };
  let cursor = null;
  let width = 480;
  let showTable = false;

  new ResizeObserver(entries => {
    const wide = Math.round(entries[0].contentRect.width);
    if (wide > 0 && wide !== width) {
      width = wide;
      render();
    }
  }).observe(element);

  const x = at => pad.left + ((at - range.from) / (range.to - range.from)) * (width - pad.left - pad.right);

  function draw(samples, seconds, now) {
    const to = new Date(now).getTime();
    range = { from: to - seconds * 1000, to };
    const kept = cursor === null ? null : points[cursor]?.at;
    points = samples
      .map(sample => ({ at: new Date(sample.at).getTime(), values: options.series.map(s => s.value(sample)) }))
      .filter(point => point.at >= range.from && point.at <= to + 10_000);
    cursor = kept === null || kept === undefined ? null : points.findIndex(point => point.at === kept);
    if (cursor === -1) cursor = null;
    render();
  }

  function scale() {
    if (options.max) return options.max;
    let top = 0;
    for (const point of points) for (const value of point.values) if (value > top) top = value;
    return niceTop(top);
  }

  function move(event) {
    const box = event.currentTarget.getBoundingClientRect();
    const at = range.from + ((event.clientX - box.left - pad.left) / (width - pad.left - pad.right)) * (range.to - range.from);
    cursor = nearest(at);
    render();
  }

  function nearest(at) {
    let best = null;
    points.forEach((point, i) => {
      if (best === null || Math.abs(point.at - at) < Math.abs(points[best].at - at)) best = i;
    });
    return best;
  }

  function key(event) {
    if (points.length === 0) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -points.length, End: points.length }[event.key];
    if (event.key === 'Escape') cursor = null;
    else if (step === undefined) return;
    else cursor = Math.max(0, Math.min(points.length - 1, (cursor ?? (step > 0 ? -1 : points.length)) + step));
    event.preventDefault();
    render();
  }

  function render() {
    const top = scale();
    const y = value => pad.top + (1 - value / top) * (height - pad.top - pad.bottom);
    const ticks = [0, 0.25, 0.5, 0.75, 1].map(share => share * top);
    const current = cursor === null ? null : points[cursor];
    const last = points.findLast(point => point.values.some(value => value !== null));
    const shown = current ?? last;
    patch(element, [
      h('figcaption', null,
        h('span', { class: 'chart-title' }, options.title),
        h('span', { class: 'legend', role: 'status', 'aria-live': current ? 'polite' : 'off' },
          options.series.map((s, i) => h('span', { class: 'legend-item' },
            h('svg', { class: 'swatch', viewBox: '0 0 22 8', 'aria-hidden': 'true' }, h('line', { class: `line s${i}`, x1: 1, y1: 4, x2: 21, y2: 4 })),
            h('span', null, `${s.name} `),
            h('strong', null, shown ? options.format(shown.values[i]) : '–'))),
          h('span', { class: 'legend-time' }, shown ? (current ? `at ${time(current.at)}` : 'now') : ''))),
      h('div', { class: 'plot' },
        h('svg', {
          viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', tabindex: '0',
          'aria-label': `${options.title}: ${options.series.map((s, i) => `${s.name} ${shown ? options.format(shown.values[i]) : 'no data'}`).join(', ')}. Left and right arrow keys read earlier values.`,
          on: { pointermove: move, pointerleave: () => { cursor = null; render(); }, keydown: key, blur: () => { cursor = null; render(); } },
        },
        ticks.map((tick, i) => h('g', { key: `y${i}` },
          h('line', { class: tick === 0 ? 'base' : 'grid', x1: pad.left, x2: width - pad.right, y1: y(tick), y2: y(tick) }),
          h('text', { class: 'tick', x: pad.left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, options.format(tick)))),
        timeTicks(range, width).map(at => h('text', { class: 'tick', key: `t${at}`, x: x(at), y: height - 6, 'text-anchor': 'middle' }, hourMinute(at))),
        options.series.map((s, i) => h('path', { class: `line s${i}`, key: `s${i}`, d: path(points, i, x, y) })),
        current && h('line', { class: 'cursor', key: 'cursor', x1: x(current.at), x2: x(current.at), y1: pad.top, y2: height - pad.bottom }),
        current && current.values.map((value, i) => value === null ? null
          : h('circle', { class: `dot s${i}`, key: `d${i}`, cx: x(current.at), cy: y(value), r: 3.5 }))),
        points.length === 0 && h('p', { class: 'chart-empty' }, 'Nothing yet: the first point comes with the next sample.')),
      h('details', { on: { toggle: event => { showTable = event.currentTarget.open; render(); } } },
        h('summary', null, 'Show as a table'),
        showTable && h('div', { class: 'table-box scroll', tabindex: '0', role: 'region', 'aria-label': `${options.title}, as a table` },
          h('table', { class: 'plain' },
            h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Time'), options.series.map(s => h('th', { scope: 'col', class: 'num' }, s.name)))),
            h('tbody', null, points.slice(-120).reverse().map(point => h('tr', { key: point.at },
              h('th', { scope: 'row' }, time(point.at)),
              point.values.map(value => h('td', { class: 'num' }, options.format(value)))))))))
    ]);
  }

  render();
  return { element, draw };
}

function path(points, i, x, y) {
  let d = '';
  let pen = false;
  points.forEach((point, n) => {
    const value = point.values[i];
    if (value === null || value === undefined) {
      pen = false;
      return;
    }
    const next = points[n + 1]?.values[i];
    const alone = !pen && (next === null || next === undefined);
    d += `${pen ? 'L' : 'M'}${x(point.at).toFixed(1)} ${y(value).toFixed(1)}${alone ? 'h0.01' : ''}`;
    pen = true;
  });
  return d || null;
}

/** 1, 2 or 5 times a power of ten, at least 4 so that the quarter lines are whole numbers. */
function niceTop(value) {
  if (value <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 4, 8, 10]) {
    if (step * power >= value) return step * power;
  }
  return 10 * power;
}

function timeTicks(range, width) {
  const steps = [60, 120, 300, 600, 900, 1800, 3600].map(s => s * 1000);
  const most = Math.max(2, Math.floor(width / 90));
  const step = steps.find(s => (range.to - range.from) / s <= most) ?? steps.at(-1);
  const margin = (range.to - range.from) * (22 / width);
  const ticks = [];
  for (let at = Math.ceil(range.from / step) * step; at <= range.to - margin; at += step) ticks.push(at);
  return ticks;
}
