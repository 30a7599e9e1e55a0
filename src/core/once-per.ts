/**
 * A function that makes something once for each key and then returns the same thing: how a room
 * remembers what it learned in a run, with the session as the key. The memory goes with the key.
 */
export function oncePer<Key extends WeakKey, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const made = new WeakMap<Key, { value: Value }>();
  return (key) => {
    const known = made.get(key) ?? { value: make(key) };
    made.set(key, known);
    return known.value;
  };
}
