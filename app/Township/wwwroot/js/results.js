// Results of a vote as they change: what is published is what the server counted, once for everybody.

import { get } from './api.js';
import { subscribe } from './live.js';

const list = document.getElementById('results');
const section = list.closest('section');
const status = document.getElementById('results-status');
const percent = (value) => `${new Intl.NumberFormat('en', { maximumFractionDigits: 1 }).format(value)} %`;

function show(results) {
  const most = Math.max(...results.options.map((option) => option.votes));
  for (const option of results.options) {
    const item = list.querySelector(`[data-option="${CSS.escape(option.id)}"]`);
    if (!item) continue;
    const votes = item.querySelector('[data-votes]');
    item.classList.toggle('result--moved', votes.textContent !== String(option.votes));
    item.classList.toggle('result--first', option.votes === most && most > 0);
    votes.textContent = option.votes;
    item.querySelector('[data-percent]').textContent = percent(option.percent);
    item.querySelector('progress').value = option.percent;
  }
  section.querySelector('[data-total]').textContent = results.total;
  section.querySelector('[data-participation]').textContent = percent(results.participation);
  status.textContent = `${results.total} votes`;
  if (!results.isOpen && list.dataset.open === 'true') location.reload(); // it has ended: the form goes
}

async function load() {
  show(await get(`/api/questions/${encodeURIComponent(list.dataset.question)}/results`));
}

if (list.dataset.open === 'true') subscribe(`question:${list.dataset.question}`, ({ type, data }) => {
  if (type === 'question-results') show(data);
});
document.addEventListener('live:restored', () => load().catch(() => {})); // the next publication brings it
