/**
 * Docker's default platform: Linux on the architecture of the engine's machine, which is assumed to
 * be this one.
 */
export const NATIVE_PLATFORM = `linux/${{ x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch}`;
