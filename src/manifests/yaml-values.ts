import { isAlias, isMap, isScalar, isSeq, Scalar, type Node } from 'yaml';
import { keyText, readPlain, readTagged, type ScalarValue } from './yaml-scalar.ts';
import { YamlProblem } from './yaml-text.ts';

/** The value that a document's nodes stand for, in the tools' eyes. @throws YamlProblem */
export function valueOf(node: unknown): unknown {
  return new Values().of(node);
}

/** The values of one document, and what its aliases refer to. */
class Values {
  readonly #anchors = new Map<string, Node>();
  readonly #targets = new Map<Node, Node>();
  readonly #open = new Set<Node>();
  #count = 0;
  #aliased = 0;

  of(node: unknown): unknown {
    this.#countOne();
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.#alias(node);
    this.#remember(node as Node);
    if (isScalar(node)) return this.#finite(node);
    if (isSeq(node)) return node.items.map((item) => this.of(item));
    if (isMap(node)) return Object.fromEntries(this.#entries(node));
    throw new YamlProblem('expected a value', undefined);
  }

  #remember(node: Node): void {
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined && this.#open.size === 0) this.#anchors.set(anchor, node);
  }

  #targetOf(alias: Node & { source: string }): Node {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    if (!target)
      throw new YamlProblem(
        `the alias \`*${alias.source}\` has no anchor \`&${alias.source}\` before it`,
        alias.range?.[0],
      );
    this.#targets.set(alias, target);
    return target;
  }

  #alias(alias: Node & { source: string }): unknown {
    return this.#within(alias, () => this.of(this.#targetOf(alias)));
  }

  #within<T>(alias: Node & { source: string }, read: () => T): T {
    if (this.#open.has(alias))
      throw new YamlProblem(`the value of anchor \`&${alias.source}\` contains itself`, alias.range?.[0]);
    this.#open.add(alias);
    const value = read();
    this.#open.delete(alias);
    return value;
  }

  #finite(node: Scalar): ScalarValue {
    const value = scalar(node);
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new YamlProblem(`\`${String(node.value)}\` is no number in JSON`, node.range?.[0]);
    return value;
  }

  /** Later entries replace earlier ones, also those of `<<`. */
  #entries(map: Node): Map<string, unknown> {
    const entries = new Map<string, unknown>();
    if (!isMap(map)) return entries;
    for (const { key, value } of map.items) {
      if (isMergeKey(key)) {
        for (const [name, merged] of this.#merged(value)) entries.set(name, merged);
        continue;
      }
      const name = this.#key(key);
      entries.set(name, this.of(value));
    }
    return entries;
  }

  #key(node: unknown): string {
    this.#countOne();
    if (isAlias(node)) return this.#within(node, () => this.#key(this.#targetOf(node)));
    const offset = (node as Node | null)?.range?.[0];
    if (node !== null && !isScalar(node)) throw new YamlProblem('a key must be a text, a number or a boolean', offset);
    if (node) this.#remember(node);
    try {
      return node ? keyText(scalar(node), String(node.value)) : keyText(null, '');
    } catch (error) {
      throw new YamlProblem((error as Error).message, offset);
    }
  }

  #merged(node: unknown): Map<string, unknown> {
    this.#countOne();
    if (isAlias(node)) {
      const target = this.#targetOf(node);
      if (isMap(target)) return this.#within(node, () => this.#entries(target));
    }
    if (isMap(node)) {
      this.#remember(node);
      return this.#entries(node);
    }
    if (isSeq(node) && node.items.every((item) => !isSeq(item)))
      // The first one wins.
      return new Map(
        node.items
          .map((item) => this.#merged(item))
          .reverse()
          .flatMap((entries) => [...entries]),
      );
    throw new YamlProblem('`<<` needs a mapping or a list of mappings', (node as Node | null)?.range?.[0]);
  }

  /** Few lines with aliases of aliases can stand for billions of values. */
  #countOne(): void {
    this.#count++;
    if (this.#open.size > 0) this.#aliased++;
    if (this.#aliased > 100 && this.#count > 1000 && this.#aliased / this.#count > allowedShare(this.#count))
      throw new YamlProblem('its aliases stand for too many values', undefined);
  }
}

/** How much of a document may come from aliases: 99 % of 400,000 values, 10 % of 4,000,000. */
function allowedShare(count: number): number {
  const [low, high] = [400_000, 4_000_000];
  return 0.99 - 0.89 * (Math.min(Math.max(count - low, 0), high - low) / (high - low));
}

function scalar(node: Scalar): ScalarValue {
  const text = String(node.value);
  try {
    if (node.tag !== undefined) return readTagged(node.tag, text);
  } catch (error) {
    throw new YamlProblem((error as Error).message, node.range?.[0]);
  }
  return node.type === Scalar.PLAIN || node.type === undefined ? readPlain(text) : text;
}

function isMergeKey(key: unknown): boolean {
  if (!isScalar(key) || key.value !== '<<') return false;
  return (
    key.tag === 'tag:yaml.org,2002:merge' || key.tag === '!' || (key.type === Scalar.PLAIN && key.tag === undefined)
  );
}
