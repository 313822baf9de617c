import { fill, h, patch, state, table } from './dom.js';
import { count, exact } from './format.js';

export function channels({ overview: o }) {
  const c = o.channels;
  const figure = (name, value) => h('div', { class: 'tile', key: name }, h('dt', null, name), h('dd', { class: 'figure' }, value));
  const most = c.topChannels[0]?.subscribers ?? 0;
  patch(document.getElementById('channel-list'), [
    h('dl', { class: 'tiles' },
      figure('Connections', count(c.connections)),
      figure('Subscriptions', count(c.subscriptions)),
      figure('Published', count(c.publications)),
      figure('Delivered', count(c.deliveries)),
      figure('Dropped', c.drops > 0 ? state('warn', count(c.drops)) : state('ok', 'none')),
      figure('Refused', count(c.refusals))),
    h('h3', null, 'Channels with the most subscribers'),
    table('Channels', [
      { head: 'Channel', cell: t => h('span', { class: 'mono' }, t.channel) },
      { head: 'Subscribers', cell: t => fill(t.subscribers, most, exact(t.subscribers)) },
    ], c.topChannels, t => t.channel, 'Nobody has joined a channel.'),
    c.channels > c.topChannels.length && c.topChannels.length > 0
      ? h('p', { class: 'muted small bar-line' }, `The first ${exact(c.topChannels.length)} of ${exact(c.channels)}.`)
      : null,
  ]);
}
