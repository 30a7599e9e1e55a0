/** How build arguments reach Docker's client. */
export interface PassedArguments {
  /** On the command line, which every user of the machine can read. */
  shown: Record<string, string>;
  /** In the client's environment: their values come from variables, so they may be secret. */
  hidden: Record<string, string>;
  /** These may not be shown, and in the environment they would change how the client works. */
  refused: string[];
}

/** The variables that Docker's client and its plugins read. */
const OF_CLIENT =
  /^(PATH|HOME|USER|USERPROFILE|TMPDIR|TEMP|TMP|GODEBUG|SSL_CERT_\w+|\w+_PROXY|(DOCKER|BUILDX|BUILDKIT|SSH|XDG|OTEL|KIND_HARNESS)_\w+)$/i;

/**
 * Decides how to pass build arguments.
 * @param fromEnvironment the names of those that take their value from a variable
 * @param env the client's environment
 */
export function decideArguments(
  args: Readonly<Record<string, string>>,
  fromEnvironment: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): PassedArguments {
  const passed: PassedArguments = { shown: {}, hidden: {}, refused: [] };
  for (const [name, value] of Object.entries(args)) {
    if (!fromEnvironment.includes(name)) passed.shown[name] = value;
    else if (OF_CLIENT.test(name) && env[name] !== value) passed.refused.push(name);
    else passed.hidden[name] = value;
  }
  return passed;
}
