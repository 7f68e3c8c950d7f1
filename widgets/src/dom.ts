/** Elements in one line. Text of users goes into text nodes and attributes, never into markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** Attributes of an element; `null` and `false` leave one out, `true` writes an empty one. */
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

function dress(made: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) {
      made.setAttribute(name, value === true ? '' : String(value));
    }
  }
}

/** An HTML element with a class, attributes and children; texts become text nodes. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) {
    made.className = className;
  }
  dress(made, attributes);
  made.append(...children);
  return made;
}

/** An SVG element with attributes and children. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  dress(made, attributes);
  made.append(...children);
  return made;
}

/** A button that does not submit anything. */
export function button(
  className: string,
  attributes: Attributes,
  onClick: (() => void) | null,
  ...children: readonly (Node | string)[]
): HTMLButtonElement {
  const made = html('button', className, { type: 'button', ...attributes }, ...children);
  if (onClick !== null) {
    made.addEventListener('click', onClick);
  }
  return made;
}

/** The nearest element round an event's target that fits, if there is one. */
export function around(event: Event, selector: string): HTMLElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLElement>(selector) : null;
}

/**
 * The root of a picture.
 *
 * JupyterLab's shortcuts have to stay away from it: `0 0` in a cell's output would restart the kernel.
 */
export function rootOf(name: string): HTMLDivElement {
  return html('div', `rsp-picture ${name}`, { 'data-lm-suppress-shortcuts': 'true' });
}
