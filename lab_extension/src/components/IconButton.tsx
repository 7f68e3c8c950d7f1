import type { LabIcon } from '@jupyterlab/ui-components';
import type { JSX } from 'react';

interface IProps {
  icon: LabIcon;
  /** Read out and shown as a tooltip. */
  label: string;
  onClick: () => void;
  disabled?: boolean;
}

/** A small button that shows only an icon. */
export function IconButton(props: IProps): JSX.Element {
  return (
    <button
      type="button"
      className="rsp-IconButton"
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <props.icon.react tag="span" height="14px" width="14px" />
    </button>
  );
}
