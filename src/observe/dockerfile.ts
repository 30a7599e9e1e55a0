import { DockerfileParser, type From } from 'dockerfile-ast';

/**
 * The images that a Dockerfile starts from, as Docker reads them: `ARG`s before the first `FROM` filled in from the build arguments or their
 * defaults, names of earlier stages and `scratch` left out, `COPY --from=` of images included.
 */
export function baseReferences(text: string, buildArgs: Readonly<Record<string, string>>): string[] {
  const dockerfile = DockerfileParser.parse(text);
  const values = new Map<string, string>();
  for (const arg of dockerfile.getInitialARGs()) {
    const property = arg.getProperty();
    if (!property) continue;
    const given = buildArgs[property.getName()];
    const value = given ?? property.getValue();
    if (value !== null && value !== undefined) values.set(property.getName(), fill(value, values));
  }
  const stages = new Set<string>();
  const found = new Set<string>();
  const add = (written: string | null | undefined) => {
    const reference = fill(written ?? '', values);
    if (reference !== '' && reference !== 'scratch' && !stages.has(reference.toLowerCase()) && !/^\d+$/.test(reference))
      found.add(reference);
  };
  for (const instruction of dockerfile.getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const from = instruction as From;
      add(from.getImage());
      const stage = from.getBuildStage();
      if (stage) stages.add(stage.toLowerCase());
    } else if (instruction.getKeyword() === 'COPY') {
      add(/--from=("?)([^\s"]+)\1/.exec(instruction.getTextContent())?.[2]);
    }
  }
  return [...found];
}

/** `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}`: what Docker knows of a shell's expansion here. */
function fill(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:(\w+)|\{(\w+)(?::?([-+])([^}]*))?\})/g, (_, plain?: string, braced?: string, operator?: string, word = '') => {
    const value = values.get(plain ?? braced ?? '') ?? '';
    if (operator === '-') return value === '' ? String(word) : value;
    if (operator === '+') return value === '' ? '' : String(word);
    return value;
  });
}
