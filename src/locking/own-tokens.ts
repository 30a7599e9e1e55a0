/** The tokens of all locks that this process holds or waits for. */
export const ownTokens = new Set<string>();
