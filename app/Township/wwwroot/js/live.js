// The page's one connection to the hub: subscribe to channels, hear what is published, stay connected.
//
//   import { subscribe } from './live.js';
//   const stop = subscribe('project:42', ({ type, data }) => { … });
//
// Several subscribers of one channel share one subscription. After a break the connection comes back by itself, subscribes
// again, and fires 'live:restored' on document: what was published meanwhile is missed, so listeners should load anew.

import { post } from './api.js';

const channels = new Map(); // name → { listeners: Set, joined: Promise | null }
const retryDelays = [0, 1000, 2000, 5000, 10000, 20000, 30000];
const steadyAfter = 10000; // only then does a connection count as back, so that one which ends at once is not tried without a pause
let connection = null;
let attempt = 0;
let steady = 0; // timer
let state = 'off';

function show(next) {
  state = next;
  const indicator = document.getElementById('live');
  if (!indicator) return;
  indicator.dataset.state = next;
  indicator.textContent = { on: 'Live', waiting: 'Connecting', off: 'Not live' }[next];
}

async function token() {
  const issued = await post('/api/accounts/token');
  return issued.token;
}

function build() {
  const { signalR } = globalThis;
  const options = document.body.dataset.user ? { accessTokenFactory: token } : {}; // guests need none for what anybody may hear
  const built = new signalR.HubConnectionBuilder()
    .withUrl('/millrace/hub', options)
    .configureLogging(signalR.LogLevel.None)
    .build();
  built.on('publication', (publication) => {
    for (const listener of channels.get(publication.channel)?.listeners ?? []) listener(publication);
    document.dispatchEvent(new CustomEvent('live:publication', { detail: publication }));
  });
  built.on('unsubscribed', ({ channel, reason }) => {
    const entry = channels.get(channel);
    if (!entry) return;
    entry.joined = null;
    document.dispatchEvent(new CustomEvent('live:lost', { detail: { channel, reason } }));
  });
  built.onclose(() => retry());
  return built;
}

function retry() {
  clearTimeout(steady);
  show('waiting');
  const delay = retryDelays[Math.min(attempt, retryDelays.length - 1)];
  attempt += 1;
  setTimeout(connect, delay);
}

async function connect() {
  const isRestore = attempt > 0;
  try {
    connection = build();
    await connection.start();
  } catch (error) {
    if (error?.status === 401 || /\b401\b/.test(error?.message ?? '')) {
      show('off'); // signed out elsewhere: nothing to wait for
      return;
    }
    retry();
    return;
  }
  steady = setTimeout(() => { attempt = 0; }, steadyAfter);
  for (const [name, entry] of channels) entry.joined = join(name);
  await Promise.allSettled([...channels.values()].map((entry) => entry.joined));
  show('on');
  if (isRestore) document.dispatchEvent(new CustomEvent('live:restored'));
}

async function join(name) {
  try {
    await connection.invoke('Subscribe', name);
  } catch (error) {
    document.dispatchEvent(new CustomEvent('live:refused', { detail: { channel: name, reason: error.message } }));
  }
}

const isConnected = () => connection?.state === 'Connected';

/** Hears a channel; returns a function that ends it. Does nothing on a guest's page that is not live: it has no SignalR client. */
export function subscribe(name, listener) {
  if (!globalThis.signalR) return () => {};
  let entry = channels.get(name);
  if (!entry) {
    entry = { listeners: new Set(), joined: null };
    channels.set(name, entry);
    if (isConnected()) entry.joined = join(name);
  }
  entry.listeners.add(listener);
  if (state === 'off') {
    show('waiting');
    connect();
  }
  return () => {
    entry.listeners.delete(listener);
    if (entry.listeners.size > 0) return;
    channels.delete(name);
    if (isConnected()) connection.invoke('Unsubscribe', name).catch(() => {}); // already gone: that was the wish
  };
}
