import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX, ReactNode } from 'react';
import { useEffect, useRef } from 'react';

import { FormFooter } from './FormFooter';

interface IProps {
  submit: string;
  canSubmit: boolean;
  busy: boolean;
  failure: string;
  onSubmit: () => void;
  onCancel: () => void;
  children: ReactNode;
  trans: TranslationBundle;
}

/** A form with its buttons; Enter sends it. */
export function Form(props: IProps): JSX.Element {
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Without focus inside, the dialog would not hear Escape.
    body.current?.querySelector<HTMLElement>('input, select, textarea')?.focus();
  }, []);
  return (
    <form
      className="rsp-Form"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        if (props.canSubmit) {
          props.onSubmit();
        }
      }}
    >
      <div ref={body} className="rsp-Form-body">
        {props.children}
      </div>
      <FormFooter
        submit={props.submit}
        canSubmit={props.canSubmit}
        busy={props.busy}
        failure={props.failure}
        onCancel={props.onCancel}
        trans={props.trans}
      />
    </form>
  );
}
