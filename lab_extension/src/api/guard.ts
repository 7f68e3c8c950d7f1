/**
 * Guards: network data becomes typed by being looked at, never by `as`.
 */

/** Tells whether a value is a `T`. */
export type Guard<T> = (value: unknown) => value is T;

export const isText: Guard<string> = (value): value is string => typeof value === 'string';

export const isNumber: Guard<number> = (value): value is number => typeof value === 'number';

export const isFlag: Guard<boolean> = (value): value is boolean => typeof value === 'boolean';

export const isAnything: Guard<unknown> = (value): value is unknown => value !== undefined;

export const isRecord: Guard<{ [key: string]: unknown }> = (
  value
): value is { [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function nullable<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

export function listOf<T>(guard: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(guard);
}

export function recordOf<T>(guard: Guard<T>): Guard<{ [key: string]: T }> {
  return (value): value is { [key: string]: T } =>
    isRecord(value) && Object.values(value).every(guard);
}

export function oneOf<T extends string>(...known: readonly T[]): Guard<T> {
  return (value): value is T => known.some(word => word === value);
}

/** A guard of an object; the compiler asks for every field, so that none is forgotten. */
export function shape<T>(fields: { readonly [K in keyof T]-?: Guard<T[K]> }): Guard<T> {
  return (value): value is T => {
    if (!isRecord(value)) {
      return false;
    }
    for (const name in fields) {
      if (!fields[name](value[name])) {
        return false;
      }
    }
    return true;
  };
}
