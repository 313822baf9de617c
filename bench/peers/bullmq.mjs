// BullMQ in the roles that Millrace.JobLoad measures: one role a process, one line of JSON on standard output.
//
//   node bullmq.mjs ROLE --store redis|postgres --at HOST:PORT|CONNECTION-STRING [options]
//
//   fill     --jobs N                                 stores N waiting jobs by addBulk
//   enqueue  --at-once 1|100|1000 --seconds N         add one by one, with 100 in flight, or addBulk of 1,000 a call; after 3 s that don't count
//   process  --jobs N --warm N --concurrency N        runs warm + N jobs that are there; the clock starts with job number warm
//   wait     --jobs N --concurrency N                 runs jobs as they come; measures until the handler starts
//   send     --jobs N --warm N --lead N --per-second N
//                                                     sends warm jobs at once, then lead + N at a steady pace, of which the last N are measured
//
// Every role checks that the store holds what it has to at the end.
import { Queue, Worker, createPostgresBackend } from 'bullmq';
import Redis from 'ioredis';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const QUEUE = 'bench';
const JOB = 'work';
const BULK = 1000;
const WARM_UP = 3000;
const STATES = ['waiting', 'active', 'delayed', 'prioritized', 'completed', 'failed'];
const number = { type: 'string', default: '0' };
const { values, positionals: [role] } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: 'string', default: 'redis' },
    at: { type: 'string', default: '' },
    jobs: number, warm: number, lead: number, seconds: number, concurrency: number, 'at-once': number, 'per-second': number,
  },
});
const option = (name) => Number(values[name]);
const backend = values.store === 'postgres' ? createPostgresBackend : undefined;

/** The clock that all processes of this machine share, in microseconds. */
const now = () => process.hrtime.bigint() / 1000n;

/** What a job carries: 100 bytes of JSON. `at` is when it was sent; 0 for one that is not measured. */
const payload = (at = 0n) => ({ at: at.toString().padStart(16, '0'), filler: 'x'.repeat(63) });

const roles = { fill, enqueue, process: drain, wait, send };
if (JSON.stringify(payload()).length !== 100) throw new Error('The payload is not 100 bytes.');
if (!(role in roles)) throw new Error(`There is no role ${role}.`);
console.log(JSON.stringify(await roles[role]()));
process.exit(0);

async function fill() {
  const queue = await openQueue();
  const jobs = option('jobs');
  const start = performance.now();
  for (let done = 0; done < jobs; done += BULK) {
    await queue.addBulk(bulk(Math.min(BULK, jobs - done)));
  }

  const seconds = (performance.now() - start) / 1000;
  await expectWaiting(queue, jobs);
  await queue.close();
  return { jobs, seconds };
}

async function enqueue() {
  const queue = await openQueue();
  const atOnce = option('at-once');
  const start = performance.now();
  let [jobs, warm, warmUntil, measuring] = [0, 0, 0, false];
  const until = start + WARM_UP + option('seconds') * 1000;
  const one = async () => {
    for (let at = performance.now(); at < until; at = performance.now()) {
      if (!measuring && at >= start + WARM_UP) {
        [measuring, warm, warmUntil] = [true, jobs, at];
      }

      if (atOnce === BULK) {
        await queue.addBulk(bulk(BULK));
        jobs += BULK;
      } else {
        await queue.add(JOB, payload());
        jobs++;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce === BULK ? 1 : atOnce }, one));
  const seconds = (performance.now() - warmUntil) / 1000;
  await expectWaiting(queue, jobs);
  await queue.close();
  return { jobs: jobs - warm, seconds };
}

async function drain() {
  const queue = await openQueue();
  const [jobs, warm] = [option('jobs'), option('warm')];
  let [started, start] = [0, 0];
  await new Promise((resolve, reject) => {
    openWorker(async () => {
      if (++started === warm + 1) start = performance.now();
      if (started === warm + jobs) resolve();
    }, reject);
  });
  while (await total(queue) > 0) await delay(5);
  const seconds = (performance.now() - start) / 1000;
  if (started !== warm + jobs) throw new Error(`${started} jobs ran; there were ${warm + jobs}.`);
  return { jobs, seconds };
}

async function wait() {
  const queue = await openQueue();
  const jobs = option('jobs');
  const latencies = [];
  let [finish, fail] = [];
  const all = new Promise((resolve, reject) => { [finish, fail] = [resolve, reject]; });
  const worker = openWorker(async (job) => {
    const sent = BigInt(job.data.at);
    if (sent > 0n && latencies.push(Number(now() - sent) / 1000) === jobs) finish();
  }, fail);
  await worker.waitUntilReady();
  console.log('ready');
  await all;
  while (await total(queue) > 0) await delay(5);
  await worker.close();
  if (latencies.length !== jobs) throw new Error(`${latencies.length} jobs ran; there were ${jobs}.`);
  latencies.sort((a, b) => a - b);
  if (latencies[0] <= 0) throw new Error(`A job started ${latencies[0]} ms after it was sent.`);
  return { jobs, p50: at(latencies, 0.5), p99: at(latencies, 0.99) };
}

async function send() {
  const queue = await openQueue();
  for (let warm = option('warm'); warm > 0; warm -= 100) {
    await Promise.all(Array.from({ length: Math.min(100, warm) }, () => queue.add(JOB, payload())));
  }

  await delay(1000);
  const [jobs, lead, pause] = [option('jobs'), option('lead'), 1000 / option('per-second')];
  const start = performance.now();
  const sent = [];
  for (let i = 0; i < lead + jobs; i++) {
    const ahead = start + i * pause - performance.now();
    if (ahead > 0) await delay(ahead);
    sent.push(queue.add(JOB, payload(i < lead ? 0n : now())));
  }

  await Promise.all(sent);
  const seconds = (performance.now() - start) / 1000;
  await queue.close();
  return { jobs, seconds };
}

async function openQueue() {
  const queue = new Queue(QUEUE, { connection: connection() }, backend);
  await queue.waitUntilReady();
  return queue;
}

function openWorker(handler, failed) {
  const options = { connection: connection(), concurrency: option('concurrency'), removeOnComplete: { count: 0 } };
  const worker = new Worker(QUEUE, handler, options, backend);
  worker.on('failed', (_, error) => failed(error));
  worker.on('error', failed);
  return worker;
}

function connection() {
  if (values.store === 'postgres') return { connectionString: values.at, migrate: true };
  const [host, port] = values.at.split(':');
  return new Redis({ host, port: Number(port), maxRetriesPerRequest: null });
}

function bulk(length) {
  return Array.from({ length }, () => ({ name: JOB, data: payload() }));
}

async function total(queue) {
  const counts = await queue.getJobCounts(...STATES);
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

async function expectWaiting(queue, jobs) {
  const waiting = await queue.getWaitingCount();
  if (waiting !== jobs) throw new Error(`${waiting} jobs wait; ${jobs} were enqueued.`);
}

/** The smallest value that at least this share of all values do not exceed. */
function at(sorted, share) {
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length))) - 1];
}
