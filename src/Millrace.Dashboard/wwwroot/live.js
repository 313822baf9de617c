// Keeps the page up to date: a server-sent event stream, and while that does not come about, polling with growing patience.

import { get, url } from './api.js';

const quiet = 12_000; // the server sends every few seconds; silence this long means the line is dead, whatever the browser thinks

/** Calls on.overview, on.history (all of it, also after every reconnection), on.sample and on.link for as long as the page lives. */
export function follow(on) {
  let source = null;
  let watchdog = 0;
  let failures = 0;
  let nextSample = 0;

  async function history() {
    const view = await get('/overview/history');
    nextSample = view.samples.length > 0 ? view.samples.at(-1).sequence + 1 : 0;
    on.history(view);
  }

  function alive() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => again(new Error('silence')), quiet);
  }

  function open() {
    source = new EventSource(url('/live'));
    source.addEventListener('overview', event => {
      failures = 0;
      alive();
      on.link({ state: 'live' });
      on.overview(JSON.parse(event.data));
    });
    source.addEventListener('sample', event => {
      const sample = JSON.parse(event.data);
      if (sample.sequence < nextSample) return; // had it with the history
      nextSample = sample.sequence + 1;
      on.sample(sample);
    });
    source.addEventListener('error', () => again(null));
    alive();
  }

  async function again() {
    clearTimeout(watchdog);
    source?.close();
    source = null;
    failures++;
    // Poll once: it tells why there is no stream, and shows the state meanwhile.
    try {
      on.overview(await get('/overview'));
      await history();
      on.link({ state: 'polling' });
      setTimeout(open, 3000);
    } catch (error) {
      const retryIn = Math.min(30, 2 ** Math.min(failures, 5));
      on.link({ state: error.status === 401 || error.status === 403 ? 'closed' : 'lost', error, retryIn });
      setTimeout(() => again(), retryIn * 1000);
    }
  }

  (async () => {
    try {
      await history();
      open();
    } catch {
      await again();
    }
  })();
}
