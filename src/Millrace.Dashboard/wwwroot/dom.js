// A page that changes every two seconds must not take the focus or the selection away from whoever is reading it. So views are
// functions from data to light nodes, and patch() changes only what differs. Text only ever becomes a text node: there is no
// way here to turn a string into markup.

const SVG = 'http://www.w3.org/2000/svg';

/** A light node. props: attributes, `on` for listeners, `vars` for CSS variables, `key` to recognise it among its siblings. */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false) };
}

/** Makes the children of an element be these nodes, touching only what differs. */
export function patch(parent, nodes) {
  const wanted = (Array.isArray(nodes) ? nodes.flat(Infinity) : [nodes]).filter(n => n !== null && n !== undefined && n !== false);
  const keyed = new Map();
  for (const child of parent.childNodes) {
    if (child.millraceKey !== undefined) keyed.set(child.millraceKey, child);
  }
  let place = parent.firstChild;
  for (const node of wanted) {
    let found = null;
    const key = typeof node === 'object' ? node.props.key : undefined;
    if (key !== undefined) {
      found = keyed.get(key) ?? null;
      if (found && !matches(found, node)) found = null;
    } else if (place && place.millraceKey === undefined && matches(place, node)) {
      found = place;
    }
    if (found === null) {
      found = create(node, parent.namespaceURI === SVG);
      parent.insertBefore(found, place);
    } else if (found === place) {
      place = place.nextSibling;
    } else {
      parent.insertBefore(found, place);
    }
    update(found, node);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function matches(element, node) {
  return typeof node === 'object'
    ? element.nodeType === Node.ELEMENT_NODE && element.localName === node.tag
    : element.nodeType === Node.TEXT_NODE;
}

function create(node, inSvg) {
  if (typeof node !== 'object') return document.createTextNode(String(node));
  const element = inSvg || node.tag === 'svg' ? document.createElementNS(SVG, node.tag) : document.createElement(node.tag);
  if (node.props.key !== undefined) element.millraceKey = node.props.key;
  return element;
}

function update(element, node) {
  if (typeof node !== 'object') {
    const text = String(node);
    if (element.data !== text) element.data = text;
    return;
  }
  const before = element.millraceProps ?? {};
  for (const name of Object.keys(before)) {
    if (!(name in node.props)) set(element, name, null);
  }
  for (const [name, value] of Object.entries(node.props)) {
    if (name === 'on' || name === 'vars' || before[name] !== value) set(element, name, value);
  }
  element.millraceProps = node.props;
  if (!node.props.own) patch(element, node.children);
}

function set(element, name, value) {
  switch (name) {
    case 'key':
    case 'own':
      return;
    case 'on':
      listen(element, value ?? {});
      return;
    case 'vars':
      for (const [variable, number] of Object.entries(value ?? {})) element.style.setProperty(variable, number);
      return;
    case 'value':
      if (element.value !== value && document.activeElement !== element) element.value = value ?? '';
      return;
    default:
      if (value === null || value === undefined || value === false) element.removeAttribute(name);
      else element.setAttribute(name, value === true ? '' : String(value));
  }
}

function listen(element, handlers) {
  element.millraceHandlers ??= {};
  for (const name of Object.keys(handlers)) {
    if (!(name in element.millraceHandlers)) {
      element.addEventListener(name, event => element.millraceHandlers[name]?.(event));
    }
  }
  element.millraceHandlers = handlers;
}

/** An icon by name, drawn in the colour of its text; always beside words, so hidden from screen readers. */
export function icon(name) {
  const paths = {
    ok: 'M3.500 8.500l3 3 6-7',
    warn: 'M8 2l6.500 11.500h-13zM8 6.500v3M8 11.800v.2',
    bad: 'M4 4l8 8M12 4l-8 8',
    pause: 'M5.500 3.500v9M10.500 3.500v9',
    play: 'M5 3l8 5-8 5z',
    wait: 'M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M8 4.500V8l2.500 2',
    retry: 'M13 8a5 5 0 1 1-1.600-3.700M13 2v3h-3',
    live: 'M8 8v.1M5 11a4.200 4.200 0 0 1 0-6M11 11a4.200 4.200 0 0 0 0-6M2.800 13.200a7.300 7.300 0 0 1 0-10.400M13.200 13.200a7.300 7.300 0 0 0 0-10.400',
    lock: 'M4 7.500h8v6H4zM5.500 7.500V5a2.500 2.500 0 0 1 5 0v2.500',
  };
  return h('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' }, h('path', { d: paths[name] }));
}

/** A state: icon, words and colour, never colour alone. */
export function state(kind, text) {
  const icons = { ok: 'ok', warn: 'warn', bad: 'bad', off: 'pause', busy: 'play', wait: 'wait', retry: 'retry' };
  const colours = { ok: 'ok', warn: 'warn', bad: 'bad', off: 'off', busy: 'accent', wait: 'off', retry: 'warn' };
  return h('span', { class: `state ${colours[kind]}` }, icon(icons[kind]), h('span', null, text));
}

/** A table that becomes a list of cards where there is no room. columns: { head, cell(row), num, wide, key } */
export function table(caption, columns, rows, keyOf, empty) {
  if (rows.length === 0) return h('p', { class: 'empty', key: `empty-${caption}` }, empty);
  return h('div', { class: 'table-box', key: `table-${caption}` },
    h('table', null,
      h('caption', { class: 'visually-hidden' }, caption),
      h('thead', null, h('tr', null, columns.map(c => h('th', { scope: 'col', class: c.num ? 'num' : null }, c.head)))),
      h('tbody', null, rows.map(row => h('tr', { key: keyOf(row) },
        columns.map((c, i) => h(i === 0 ? 'th' : 'td', {
          scope: i === 0 ? 'row' : null,
          class: [c.num && 'num', c.wide && 'wide', c.acts && 'acts'].filter(Boolean).join(' ') || null,
          'data-label': c.head || null,
        }, c.cell(row))))))));
}

/** A share as a bar with its words beside it; where the whole is a limit, a bar that is nearly full stands out. */
export function fill(part, whole, words, isLimit = false) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  return h('span', { class: 'fill' },
    h('span', { class: `bar${isLimit && share > 0.9 ? ' high' : ''}`, 'aria-hidden': 'true', vars: { '--share': share.toFixed(4) } }),
    h('span', { class: 'fill-words' }, words));
}

/** A button. One that is busy stays focusable: a disabled one would throw its user out of the page's order. */
export function button(label, act, { busy = false, ...props } = {}) {
  return h('button', { type: 'button', ...props, 'aria-disabled': busy ? 'true' : null, on: { click: busy ? () => {} : act } }, label);
}
