/** Elements from plain values. Data only ever becomes text nodes and attributes; nothing here parses HTML. */

const BOOLEAN = new Set(["hidden", "disabled", "checked"]);

/**
 * Make an element.
 * @param {string} tag name, with optional classes: "div.card.wide"
 * @param {object} [attributes] attributes; `on` maps events to handlers, `vars` CSS variables to values
 * @param {...(Node|string|number|null|Array)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (key === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (key === "vars") {
      for (const [variable, text] of Object.entries(value)) if (text !== undefined) element.style.setProperty(variable, text);
    }
    else if (BOOLEAN.has(key)) element[key] = Boolean(value);
    else element.setAttribute(key, String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replace everything in an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** The element with this id; it must exist. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element;
}
