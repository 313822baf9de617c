// The management API. Every change carries the header that a form on another site cannot send.

const base = new URL(document.querySelector('meta[name="millrace-api"]').content, document.baseURI).href;
export const url = path => base + path;

export class ApiError extends Error {
  constructor(status, title, detail) {
    super(detail || title);
    this.status = status;
    this.title = title;
  }
}

async function call(path, init) {
  let response;
  try {
    response = await fetch(url(path), { credentials: 'same-origin', cache: 'no-store', redirect: 'follow', signal: AbortSignal.timeout(20_000), ...init });
  } catch {
    throw new ApiError(0, 'No connection', 'The application cannot be reached.');
  }
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  if (response.ok && isJson) return response.json();
  if (response.redirected || (response.ok && !isJson)) {
    throw new ApiError(401, 'Not signed in', 'The application asks for a sign-in. Sign in there and come back.');
  }
  const problem = isJson ? await response.json().catch(() => ({})) : {};
  const fields = Object.entries(problem.errors ?? {}).map(([field, messages]) => `${field}: ${[messages].flat().join(' ')}`);
  throw new ApiError(response.status, problem.title ?? `Status ${response.status}`, fields.join(' ') || problem.detail || `The application answered with status ${response.status}.`);
}

export const get = path => call(path);

export function send(method, path, body) {
  const headers = { 'X-Millrace-Request': '1' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return call(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}
