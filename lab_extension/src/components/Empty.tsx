import type { JSX, ReactNode } from 'react';

/** What stands where nothing is yet: it says what to do next. */
export function Empty(props: { children: ReactNode }): JSX.Element {
  return <p className="rsp-Empty">{props.children}</p>;
}
