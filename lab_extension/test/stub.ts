import type { IRedspotClient } from '../src/tokens';

/** A client of which a test defines only what it needs; anything else fails loudly. */
export function clientOf(methods: Partial<IRedspotClient>): IRedspotClient {
  return new Proxy(methods, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (method === undefined) {
        throw new Error(`the test's client has no ${String(name)}`);
      }
      return method;
    }
  }) as IRedspotClient;
}

/** A page as the service sends it. */
export function pageOf<T>(...items: T[]): { items: T[]; next_cursor: null } {
  return { items, next_cursor: null };
}
