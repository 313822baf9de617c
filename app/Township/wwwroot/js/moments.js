// Times in the reader's own zone and language. A module of its own: site.js acts when it is loaded, so no other module may import it.

const { locale, zone } = document.body.dataset;

const moments = new Intl.DateTimeFormat(locale || undefined, {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: zone && zone !== 'UTC' ? zone : undefined,
});

/** Shows every <time data-moment> below an element in the reader's own zone; call it for content added later. */
export function showMoments(root = document) {
  for (const element of root.querySelectorAll('time[data-moment]')) {
    element.textContent = moments.format(new Date(element.dateTime));
  }
}
