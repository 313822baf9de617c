// An export on its way: the job's progress arrives on the resident's own channel.

import { get } from './api.js';
import { subscribe } from './live.js';

const box = document.getElementById('export');
const text = document.getElementById('export-text');
const bar = document.getElementById('export-progress');
const file = document.getElementById('export-file');
const labels = { 10: 'Reading the tasks …', 50: 'Writing the file …', 80: 'Storing the file …' };

function show({ percent, status }) {
  if (box.dataset.state === 'done') return;
  box.dataset.state = status;
  bar.value = percent;
  if (status === 'done') text.textContent = 'Ready.';
  else if (status === 'failed') text.textContent = 'This did not work. Ask for the export again.';
  else text.textContent = labels[percent] ?? 'Your file is being made.';
  file.hidden = status !== 'done';
}

async function load() {
  show(await get(`/api/projects/exports/${encodeURIComponent(box.dataset.export)}`));
}

subscribe(`user:${document.body.dataset.user}`, ({ type, data }) => {
  if (type === 'export-progress' && data.exportId === box.dataset.export) show(data);
});
document.addEventListener('live:restored', () => load().catch(() => {}));
// It may have finished between the page's making and the subscription.
if (!['done', 'failed'].includes(box.dataset.state)) load().catch(() => {});
