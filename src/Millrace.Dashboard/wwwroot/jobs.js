import { act, confirm, isBusy, open } from './act.js';
import { get } from './api.js';
import { button, fill, h, patch, state, table } from './dom.js';
import { count, dateTime, exact, relative, span } from './format.js';

let tab = null;

const tabs = {
  running: { name: 'Running', total: t => t.running, rows: j => j.running, empty: 'No job is running.' },
  retrying: { name: 'Retrying', total: t => t.retrying, rows: j => j.retrying, empty: 'No job waits for another attempt.' },
  blocked: { name: 'Blocked', total: t => t.blocked, rows: j => j.blocked, empty: 'No job waits for another one.' },
  dead: { name: 'Dead', total: t => t.dead, rows: j => j.dead, empty: 'No job is dead. A job gets here when its last attempt has failed.' },
};

const storeDown = error => h('div', { class: 'notice bad', key: 'down' }, state('bad', 'No answer'), h('p', null, error));

export function queues(model, redraw) {
  const { overview: o } = model;
  const may = model.access?.canOperate;
  const root = document.getElementById('queue-list');
  if (o.jobs.error) {
    patch(root, storeDown(o.jobs.error));
    return;
  }
  patch(root, table('Queues', [
    { head: 'Queue', cell: q => h('span', { class: 'name' }, q.name) },
    { head: 'State', cell: q => (q.paused ? state('off', 'Paused') : q.concurrency ? state('ok', 'Open') : state('wait', 'Not served here')) },
    { head: 'Waiting', num: true, cell: q => count(q.waiting) },
    { head: 'Delayed', num: true, cell: q => count(q.delayed) },
    { head: 'Running', cell: q => (q.concurrency ? fill(q.running, q.concurrency, `${exact(q.running)} of ${exact(q.concurrency)}`, q.waiting > 0) : exact(q.running)) },
    { head: 'Retrying', num: true, cell: q => (q.retrying > 0 ? state('retry', count(q.retrying)) : '0') },
    { head: 'Blocked', num: true, cell: q => count(q.blocked) },
    { head: 'Dead', num: true, cell: q => (q.dead > 0 ? state('bad', count(q.dead)) : '0') },
    { head: 'Completed, kept', num: true, cell: q => count(q.completed) },
    may ? { head: '', acts: true, cell: q => {
      const verb = q.paused ? 'resume' : 'pause';
      return button(q.paused ? 'Resume' : 'Pause',
        () => act(`queue:${q.name}`, 'POST', `/jobs/queues/${encodeURIComponent(q.name)}/${verb}`, undefined, `${q.paused ? 'Resumed' : 'Paused'} the queue ${q.name}.`, redraw),
        { busy: isBusy(`queue:${q.name}`), 'aria-label': `${q.paused ? 'Resume' : 'Pause'} the queue ${q.name}` });
    } } : null,
  ].filter(Boolean), o.jobs.queues, q => q.name, 'No queue holds a job, and this process serves none.'));
}

export function jobs(model, redraw) {
  const { overview: o } = model;
  const root = document.getElementById('job-list');
  if (o.jobs.error) {
    patch(root, storeDown(o.jobs.error));
    return;
  }
  tab ??= o.jobs.totals.dead > 0 && o.jobs.totals.running === 0 ? 'dead' : 'running';
  const current = tabs[tab];
  const rows = current.rows(o.jobs);
  const total = current.total(o.jobs.totals);
  patch(root, [
    h('div', { class: 'bar-line' }, h('div', { class: 'choice', role: 'group', 'aria-label': 'Which jobs' },
      Object.entries(tabs).map(([key, t]) => button(`${t.name} ${count(t.total(o.jobs.totals))}`, () => { tab = key; redraw(); }, { key, 'aria-pressed': String(tab === key) })))),
    table(`${current.name} jobs`, columns(model, redraw), rows, j => j.id, current.empty),
    total > rows.length && rows.length > 0 ? h('p', { class: 'muted small bar-line', key: 'more' }, `The last ${exact(rows.length)} of ${exact(total)}.`) : null,
  ]);
}

function columns(model, redraw) {
  const { overview: o } = model;
  const now = o.at;
  const job = { head: 'Job', cell: j => h('span', null, button(j.type, () => show(j, model, redraw), { class: 'quiet', 'aria-label': `Details of ${j.type} ${j.id}` }), h('br'), h('span', { class: 'mono muted' }, j.id)) };
  const queue = { head: 'Queue', cell: j => h('span', { class: 'name' }, j.queue) };
  const attempt = { head: 'Attempt', num: true, cell: j => `${j.attempt} of ${j.maxAttempts}` };
  const error = { head: 'Error', wide: true, cell: j => h('span', { class: 'error', title: j.error ?? null }, j.error ?? '') };
  const acts = model.access?.canOperate ? [{ head: '', acts: true, cell: j => buttons(j, redraw) }] : [];
  if (tab === 'running') {
    return [job, queue,
      { head: 'Progress', cell: j => h('span', null, fill(j.progressPercent, 100, `${j.progressPercent} %`), j.progressMessage ? h('span', { class: 'muted small' }, h('br'), j.progressMessage) : null) },
      attempt,
      { head: 'Running for', num: true, cell: j => h('span', { title: dateTime(j.startedAt) }, j.startedAt ? span((new Date(now) - new Date(j.startedAt)) / 1000) : '–') },
      { head: 'State', cell: j => (j.cancelRequested ? state('warn', 'Stopping') : state('busy', 'Running')) },
      ...acts];
  }
  if (tab === 'retrying') {
    return [job, queue, attempt,
      { head: 'Next attempt', num: true, cell: j => h('span', { title: dateTime(j.dueAt) }, relative(j.dueAt, now)) }, error, ...acts];
  }
  if (tab === 'blocked') {
    return [job, queue, { head: 'Enqueued', num: true, cell: j => h('span', { title: dateTime(j.createdAt) }, relative(j.createdAt, now)) }, ...acts];
  }
  return [job, queue, attempt,
    { head: 'Died', num: true, cell: j => h('span', { title: dateTime(j.finishedAt) }, relative(j.finishedAt, now)) }, error, ...acts];
}

function buttons(j, redraw) {
  const busy = isBusy(`job:${j.id}`);
  const path = `/jobs/${encodeURIComponent(j.id)}`;
  const what = `${j.type} ${j.id}`;
  if (j.state === 'dead') {
    return [
      button('Retry', () => act(`job:${j.id}`, 'POST', `${path}/retry`, undefined, `${j.type} is back in line.`, redraw), { busy, 'aria-label': `Retry ${what}` }),
      button('Delete', async () => {
        if (await confirm('Delete this job?', `${what} and its error are removed for good.`, 'Delete it')) {
          await act(`job:${j.id}`, 'DELETE', path, undefined, `${j.type} is deleted.`, redraw);
        }
      }, { busy, class: 'danger', 'aria-label': `Delete ${what}` }),
    ];
  }
  return [button('Cancel', async () => {
    if (await confirm('Cancel this job?', j.state === 'running' ? `${what} is asked to stop; what it has done so far stays done.` : `${what} will not be tried again.`, 'Cancel it')) {
      await act(`job:${j.id}`, 'POST', `${path}/cancel`, undefined, a => (a.outcome === 'requested' ? `${j.type} is asked to stop.` : `${j.type} is cancelled.`), redraw);
    }
  }, { busy: busy || j.cancelRequested, 'aria-label': `Cancel ${what}` })];
}

async function show(job, model) {
  const box = open(job.type);
  try {
    const j = await get(`/jobs/${encodeURIComponent(job.id)}`);
    const fact = (name, value) => (value === null || value === undefined || value === '' ? null : [h('dt', null, name), h('dd', null, value)]);
    box.show([
      h('dl', { class: 'facts' },
        fact('Id', h('span', { class: 'mono' }, j.id)), fact('State', j.state), fact('Queue', j.queue), fact('Group', j.group),
        fact('Attempt', `${j.attempt} of ${j.maxAttempts}`), fact('Priority', String(j.priority)),
        fact('Progress', j.progressMessage ? `${j.progressPercent} %, ${j.progressMessage}` : `${j.progressPercent} %`),
        fact('Timeout', j.timeoutSeconds === null || j.timeoutSeconds === undefined ? 'none' : span(j.timeoutSeconds)),
        fact('Tags', (j.tags ?? []).join(', ')), fact('Schedule', j.schedule),
        fact('Enqueued', dateTime(j.createdAt)), fact('Due', dateTime(j.dueAt)), fact('Started', j.startedAt && dateTime(j.startedAt)),
        fact('Ended', j.finishedAt && dateTime(j.finishedAt)), fact('Worker', j.workerId && h('span', { class: 'mono' }, j.workerId))),
      links('Runs ' + (conditions[j.runsWhen] ?? 'after'), j.after, model), links('Jobs that wait for it', j.before, model),
      j.log?.length ? [h('h3', null, 'Log'), h('pre', { tabindex: '0' }, j.log.map(l => `${dateTime(l.at)}  ${l.text}`).join('\n'))] : null,
      j.error ? [h('h3', null, 'Error'), h('pre', { tabindex: '0' }, j.error)] : null,
      j.payload ? [h('h3', null, 'Payload'), h('pre', { tabindex: '0' }, pretty(j.payload))]
        : h('p', { class: 'muted small bar-line' }, model.access?.canOperate ? `The payload has ${exact(j.payloadBytes)} bytes and is too large to show.` : `The payload (${exact(j.payloadBytes)} bytes) is shown to operators only.`),
      j.result ? [h('h3', null, 'Result'), h('pre', { tabindex: '0' }, pretty(j.result))] : null,
    ]);
  } catch (error) {
    box.show(h('p', null, `${error.title}. ${error.message}`));
  }
}

const conditions = {
  allCompleted: 'when all of these have completed',
  allCompletedOrCancel: 'when all of these have completed, else not',
  allEnded: 'when all of these have ended',
  anyFailed: 'as soon as one of these has failed',
};

const LINKS_SHOWN = 50;

function links(title, list, model) {
  if (!list?.length) {
    return null;
  }
  const ended = l => (l.ended === null || l.ended === undefined ? '' : l.ended === 'completed' ? state('ok', 'completed') : state('bad', l.ended));
  return [h('h3', null, title),
    h('ul', null, list.slice(0, LINKS_SHOWN).map(l => h('li', null,
      button(l.id, () => show({ id: l.id, type: l.id }, model), { class: 'quiet mono', 'aria-label': `Details of ${l.id}` }), ' ', h('span', { class: 'muted' }, l.queue), ' ', ended(l)))),
    list.length > LINKS_SHOWN ? h('p', { class: 'muted small' }, `and ${exact(list.length - LINKS_SHOWN)} more`) : null];
}

function pretty(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

export function schedules(model, redraw) {
  const { overview: o } = model;
  const may = model.access?.canOperate;
  const root = document.getElementById('schedule-list');
  if (o.jobs.error) {
    patch(root, storeDown(o.jobs.error));
    return;
  }
  const path = s => `/jobs/schedules/${encodeURIComponent(s.name)}`;
  patch(root, table('Schedules', [
    { head: 'Schedule', cell: s => h('span', null, h('span', { class: 'name' }, s.name), h('br'), h('span', { class: 'muted small' }, `${s.type} on ${s.queue}`)) },
    { head: 'When', cell: s => h('span', null, h('span', { class: 'mono' }, s.cron), h('br'), h('span', { class: 'muted small' }, s.timeZone)) },
    { head: 'Next run', num: true, cell: s => (s.paused ? '–' : h('span', { title: dateTime(s.nextAt) }, relative(s.nextAt, o.at))) },
    { head: 'Last run', num: true, cell: s => h('span', { title: dateTime(s.lastAt) }, s.lastAt ? relative(s.lastAt, o.at) : 'never') },
    { head: 'Runs', num: true, cell: s => h('span', { title: s.endsAt ? `Ends ${dateTime(s.endsAt)}` : null }, s.maximumRuns ? `${count(s.runs)} of ${count(s.maximumRuns)}` : count(s.runs)) },
    { head: 'State', cell: s => (s.paused ? state('off', 'Paused') : s.nextAt ? state('ok', 'Active') : state('wait', 'Nothing follows')) },
    may ? { head: '', acts: true, cell: s => [
      button('Run now', () => act(`schedule:${s.name}`, 'POST', `${path(s)}/trigger`, undefined, `${s.name} is in line.`, redraw), { busy: isBusy(`schedule:${s.name}`), 'aria-label': `Run ${s.name} now` }),
      button(s.paused ? 'Resume' : 'Pause', () => act(`schedule:${s.name}`, 'POST', `${path(s)}/${s.paused ? 'resume' : 'pause'}`, undefined, `${s.paused ? 'Resumed' : 'Paused'} ${s.name}.`, redraw), { busy: isBusy(`schedule:${s.name}`), 'aria-label': `${s.paused ? 'Resume' : 'Pause'} the schedule ${s.name}` }),
    ] } : null,
  ].filter(Boolean), o.jobs.schedules, s => s.name, 'No schedule is defined.'));
}

export function workers(model) {
  const { overview: o } = model;
  const root = document.getElementById('worker-list');
  if (o.jobs.error) {
    patch(root, storeDown(o.jobs.error));
    return;
  }
  patch(root, table('Workers', [
    { head: 'Worker', cell: w => h('span', null, h('span', { class: 'name' }, `${w.host}, process ${w.processId}`), h('br'), h('span', { class: 'mono muted' }, w.id)) },
    { head: 'State', cell: w => (w.alive ? state('ok', 'Alive') : state('bad', 'Lost')) },
    { head: 'Heartbeat', num: true, cell: w => h('span', { title: dateTime(w.seenAt) }, relative(w.seenAt, o.at)) },
    { head: 'Running', num: true, cell: w => exact(w.running) },
    { head: 'Queues', wide: true, cell: w => h('span', { class: 'name' }, w.queues.join(', ')) },
    { head: 'Started', num: true, cell: w => h('span', { title: dateTime(w.startedAt) }, relative(w.startedAt, o.at)) },
  ], o.jobs.workers, w => w.id, 'No worker is known: jobs wait until one starts.'));
}
