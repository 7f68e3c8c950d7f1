import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSX } from 'react';

interface IProps {
  submit: string;
  canSubmit: boolean;
  busy: boolean;
  /** Why the last try failed, or empty. */
  failure: string;
  onCancel: () => void;
  trans: TranslationBundle;
}

/** The buttons of a form, and what the service said to the last try. */
export function FormFooter(props: IProps): JSX.Element {
  const { trans } = props;
  return (
    <footer className="rsp-Form-footer">
      {props.failure ? (
        <p className="rsp-Failure" role="alert">
          {props.failure}
        </p>
      ) : null}
      <div className="rsp-Form-buttons">
        <button
          type="button"
          className="jp-Dialog-button jp-mod-reject jp-mod-styled"
          onClick={props.onCancel}
        >
          {trans.__('Cancel')}
        </button>
        <button
          type="submit"
          className="jp-Dialog-button jp-mod-accept jp-mod-styled"
          disabled={!props.canSubmit}
          aria-busy={props.busy}
        >
          {props.submit}
        </button>
      </div>
    </footer>
  );
}
