// Calls to Township's API. A failure is an Error whose message can be shown to people.

/** @typedef {Error & { status: number, errors: Record<string, string[]> }} ApiError */

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? { accept: 'application/json' } : { accept: 'application/json', 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: 'same-origin',
  });
  if (response.status === 204) return null;
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  const data = isJson ? await response.json() : null;
  if (response.ok) return data;
  const messages = Object.values(data?.errors ?? {}).flat();
  const error = new Error(messages[0] ?? data?.detail ?? data?.title ?? `The server answered ${response.status}.`);
  throw Object.assign(error, { status: response.status, errors: data?.errors ?? {} });
}

export const get = (path) => call('GET', path);
export const post = (path, body) => call('POST', path, body);
export const put = (path, body) => call('PUT', path, body);
export const remove = (path) => call('DELETE', path);
