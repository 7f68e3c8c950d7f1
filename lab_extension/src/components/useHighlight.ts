import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';

/** A ref to a row that comes into view when it becomes highlighted. */
export function useHighlight(highlighted: boolean): RefObject<HTMLLIElement> {
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (highlighted) {
      row.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [highlighted]);
  return row;
}
