/** Environment variables with the addresses of services; see `addressVariables`. */
export function serviceVariables(
  services: Readonly<Record<string, Readonly<Record<number, string>>>>,
): Record<string, string> {
  const variables = Object.entries(services).map(([name, addresses]) => {
    return addressVariables(
      name,
      Object.entries(addresses).map(([port, address]) => [Number(port), `tcp://${address}`]),
    );
  });
  return Object.assign({}, ...variables) as Record<string, string>;
}

/** `HARNESS_URL_<NAME>` for a service's first port, and `HARNESS_URL_<NAME>_<PORT>` for each. */
export function addressVariables(
  name: string,
  urls: readonly (readonly [port: number, url: string])[],
): Record<string, string> {
  const variable = `HARNESS_URL_${name.toUpperCase().replaceAll('-', '_')}`;
  const first = urls.slice(0, 1).map(([, url]) => [variable, url]);
  return Object.fromEntries([...first, ...urls.map(([port, url]) => [`${variable}_${port}`, url])]) as Record<
    string,
    string
  >;
}
