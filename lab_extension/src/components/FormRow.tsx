import type { JSX, ReactNode } from 'react';

interface IProps {
  /** Id of the control. */
  id: string;
  label: ReactNode;
  hint?: ReactNode;
  error?: string;
  children: ReactNode;
}

/** A labelled control with its hint and what is wrong with it. */
export function FormRow(props: IProps): JSX.Element {
  const { id, hint, error } = props;
  return (
    <div className="rsp-FormRow" data-wrong={Boolean(error)}>
      <label htmlFor={id}>{props.label}</label>
      <div className="rsp-FormRow-control">
        {props.children}
        {error ? (
          <p id={`${id}-error`} className="rsp-FormRow-error" role="alert">
            {error}
          </p>
        ) : null}
        {hint ? (
          <p id={`${id}-hint`} className="rsp-FormRow-hint">
            {hint}
          </p>
        ) : null}
      </div>
    </div>
  );
}
