/** Whether a tool's output says that it failed for want of room. */
export function saysDiskFull(output: string): boolean {
  return /no space left on device/i.test(output);
}

/** What a user does about it. */
export const MAKE_ROOM = 'Make room (`docker system df` shows what Docker holds), then try again.';
