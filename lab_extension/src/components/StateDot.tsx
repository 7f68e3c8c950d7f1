import type { JSX } from 'react';

/** How a state feels, which decides its colour. */
export type Mood = 'good' | 'bad' | 'busy' | 'quiet';

interface IProps {
  mood: Mood;
  label: string;
}

/** A coloured dot with its state in words; colour alone never says it. */
export function StateDot(props: IProps): JSX.Element {
  return (
    <span className="rsp-State" data-mood={props.mood}>
      <span className="rsp-State-dot" aria-hidden="true" />
      {props.label}
    </span>
  );
}
