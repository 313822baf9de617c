// Numbers and times as people read them, in the reader's own locale.

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const minute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export const count = n => (n === null || n === undefined ? '–' : n >= 100_000 ? short.format(n) : whole.format(n));
export const exact = n => (n === null || n === undefined ? '–' : whole.format(n));
export const percent = share => (share === null || share === undefined || Number.isNaN(share) ? '–' : `${(share * 100).toFixed(share >= 0.9995 || share === 0 ? 0 : 1)} %`);
export const time = at => clock.format(new Date(at));
export const hourMinute = at => minute.format(new Date(at));
export const dateTime = at => (at ? full.format(new Date(at)) : '–');

export function bytes(n) {
  if (n === null || n === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${n < 10 && unit > 0 ? n.toFixed(1) : Math.round(n)} ${units[unit]}`;
}

/** "0.4 ms", "31 ms", "2.5 s". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  const short = n => (n < 10 ? n.toFixed(1) : Math.round(n));
  return seconds >= 1 ? `${short(seconds)} s` : `${short(seconds * 1000)} ms`;
}

export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s < 600 && s % 60 ? ` ${s % 60} s` : ''}`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** "12 s ago", "in 3 min": against the server's clock, which the reader's may not agree with. */
export function relative(at, now) {
  if (!at) return '–';
  const seconds = (new Date(at) - new Date(now)) / 1000;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}
