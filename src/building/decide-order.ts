import { HarnessError } from '../core/error.ts';

/**
 * Sorts image names so that each comes after those it is built from.
 * @throws HarnessError CONFIG when images form a cycle
 */
export function buildOrder(needs: ReadonlyMap<string, readonly string[]>): string[] {
  const order: string[] = [];
  const visit = (name: string, above: readonly string[]) => {
    if (order.includes(name)) return;
    if (above.includes(name)) {
      const cycle = [...above.slice(above.indexOf(name)), name];
      const message =
        cycle.length > 2
          ? `The images ${cycle.join(' → ')} are built from each other.`
          : `The image ${name} is built from itself.`;
      throw new HarnessError('CONFIG', message, {
        next: 'Break the cycle: check `FROM` in their Dockerfiles and their build arguments.',
      });
    }
    for (const base of needs.get(name) ?? []) visit(base, [...above, name]);
    order.push(name);
  };
  for (const name of needs.keys()) visit(name, []);
  return order;
}
