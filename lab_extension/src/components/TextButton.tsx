import type { JSX, ReactNode } from 'react';

interface IProps {
  children: ReactNode;
  onClick: () => void;
  /** Says more than the text, for those who cannot see what it stands beside. */
  label?: string;
  disabled?: boolean;
  accent?: boolean;
}

/** A small button with a word on it. */
export function TextButton(props: IProps): JSX.Element {
  return (
    <button
      type="button"
      className={props.accent ? 'rsp-TextButton rsp-mod-accent' : 'rsp-TextButton'}
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}
