/**
 * Returns a function that makes one value for each key and returns the same value from then on.
 * With the session as the key, a module keeps what it learned in a run. The value is
 * garbage-collected with its key.
 */
export function oncePer<Key extends WeakKey, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new WeakMap<Key, { value: Value }>();
  return (key) => {
    const known = made.get(key) ?? { value: make(key) };
    made.set(key, known);
    return known.value;
  };
}
