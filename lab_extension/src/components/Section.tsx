import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import type { JSX, ReactNode } from 'react';
import { useId } from 'react';

interface IProps {
  title: string;
  open: boolean;
  onToggle: () => void;
  /** How many items there are; nothing is shown for zero. */
  count?: number;
  /** Buttons at the right of the heading. */
  tools?: ReactNode;
  children: ReactNode;
}

/** One part of the sidebar that can be folded. */
export function Section(props: IProps): JSX.Element {
  const id = useId();
  const Caret = props.open ? caretDownIcon : caretRightIcon;
  return (
    <section className="rsp-Section" aria-labelledby={`${id}-title`}>
      <div className="rsp-Section-heading">
        <button
          type="button"
          id={`${id}-title`}
          className="rsp-Section-toggle"
          aria-expanded={props.open}
          aria-controls={`${id}-body`}
          onClick={props.onToggle}
        >
          <Caret.react tag="span" height="16px" width="16px" />
          <span className="rsp-Section-title">{props.title}</span>
          {props.count ? <span className="rsp-Section-count">{props.count}</span> : null}
        </button>
        {props.tools}
      </div>
      <div id={`${id}-body`} className="rsp-Section-body" hidden={!props.open}>
        {props.children}
      </div>
    </section>
  );
}
