import { Dialog } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';

import type { ReactWidget } from '@jupyterlab/ui-components';

/**
 * A dialog whose body has its own buttons, since a form may be refused and must then stay.
 *
 * JupyterLab's dialog takes Enter and the arrows for its own buttons; here they belong to the form.
 */
export class FormDialog extends Dialog<unknown> {
  constructor(options: { title: string; body: ReactWidget }) {
    super({ title: options.title, body: options.body, buttons: [], hasClose: true });
    this.addClass('rsp-FormDialog');
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    // A button that is disabled while it works loses the focus to the page; Escape must be heard all the same.
    document.addEventListener('keydown', this, true);
  }

  protected override onAfterDetach(msg: Message): void {
    document.removeEventListener('keydown', this, true);
    super.onAfterDetach(msg);
  }

  override handleEvent(event: Event): void {
    if (event.type === 'keydown' && event.defaultPrevented) {
      return;
    }
    if (event instanceof KeyboardEvent && event.type === 'keydown' && event.key !== 'Escape') {
      if (event.key === 'Tab') {
        this._keepInside(event);
      }
      return;
    }
    if (event.type === 'focus' && event.target instanceof Node) {
      if (!this.node.contains(event.target)) {
        event.stopPropagation();
        this._focusable()[0]?.focus();
      }
      return;
    }
    super.handleEvent(event);
  }

  private _keepInside(event: KeyboardEvent): void {
    const all = this._focusable();
    const [first] = all;
    const last = all[all.length - 1];
    if (event.shiftKey && document.activeElement === first) {
      event.preventDefault();
      last?.focus();
    } else if (
      !this.node.contains(document.activeElement) ||
      (!event.shiftKey && document.activeElement === last)
    ) {
      event.preventDefault();
      first?.focus();
    }
  }

  private _focusable(): HTMLElement[] {
    const found = this.node.querySelectorAll<HTMLElement>(
      'button, input, select, textarea, a[href]'
    );
    return [...found].filter(element => !element.matches(':disabled'));
  }
}
