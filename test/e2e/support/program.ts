/**
 * A minimal program for containers: a static ELF file assembled here byte by byte, so that a build
 * `FROM scratch` needs neither a compiler nor a registry. It prints its message and then sleeps
 * forever, or exits. The file contains the message, so another message gives another build, and the
 * pod's log shows which build runs.
 */
export function program(message: string, exitCode?: number): Buffer {
  const text = Buffer.from(`${message}\n`);
  const assemble = process.arch === 'arm64' ? arm64 : x64;
  const size = assemble(0, text.length, exitCode).length; // the same for every address
  const address = BASE + HEADERS + size;
  return Buffer.concat([headers(size + text.length), assemble(address, text.length, exitCode), text]);
}

const BASE = 0x400000;
const ELF_HEADER = 64;
const PROGRAM_HEADER = 56;
const HEADERS = ELF_HEADER + PROGRAM_HEADER;

/** One segment that contains the whole file, readable and executable. Source: elf(5). */
function headers(payload: number): Buffer {
  const header = Buffer.alloc(HEADERS);
  header.write('\x7fELF\x02\x01\x01', 'latin1'); // 64 bits, little-endian, version 1
  header.writeUInt16LE(2, 16); // an executable
  header.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(BASE + HEADERS), 24); // the entry point
  header.writeBigUInt64LE(BigInt(ELF_HEADER), 32);
  header.writeUInt16LE(ELF_HEADER, 52);
  header.writeUInt16LE(PROGRAM_HEADER, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, ELF_HEADER); // to be loaded
  header.writeUInt32LE(5, ELF_HEADER + 4); // to be read and executed
  header.writeBigUInt64LE(BigInt(BASE), ELF_HEADER + 16);
  header.writeBigUInt64LE(BigInt(BASE), ELF_HEADER + 24);
  header.writeBigUInt64LE(BigInt(HEADERS + payload), ELF_HEADER + 32);
  header.writeBigUInt64LE(BigInt(HEADERS + payload), ELF_HEADER + 40);
  header.writeBigUInt64LE(0x10000n, ELF_HEADER + 48);
  return header;
}

function x64(text: number, length: number, exitCode: number | undefined): Buffer {
  const set = (register: 'eax' | 'edi' | 'esi' | 'edx', value: number) => {
    const instruction = Buffer.alloc(5);
    instruction.writeUInt8({ eax: 0xb8, edi: 0xbf, esi: 0xbe, edx: 0xba }[register]);
    instruction.writeUInt32LE(value, 1);
    return instruction;
  };
  const syscall = Buffer.from([0x0f, 0x05]);
  const write = [set('eax', 1), set('edi', 1), set('esi', text), set('edx', length), syscall];
  const exit = [set('eax', 60), set('edi', exitCode ?? 0), syscall];
  const pause = [set('eax', 34), syscall, Buffer.from([0xeb, 0xf7])]; // and jumps back to its start, nine bytes before
  return Buffer.concat([...write, ...(exitCode === undefined ? pause : exit)]);
}

function arm64(text: number, length: number, exitCode: number | undefined): Buffer {
  const set = (register: number, value: number) => [
    0xd2800000 + (value & 0xffff) * 32 + register,
    0xf2a00000 + (value >>> 16) * 32 + register,
  ];
  const syscall = (number: number) => [...set(8, number), 0xd4000001];
  const write = [...set(0, 1), ...set(1, text), ...set(2, length), ...syscall(64)];
  const exit = [...set(0, exitCode ?? 0), ...syscall(93)];
  const ppoll = [...set(0, 0), ...set(1, 0), ...set(2, 0), ...set(3, 0), ...syscall(73)];
  const pause = [...ppoll, 0x14000000 + (0x4000000 - ppoll.length)]; // and jumps back to its start
  const instructions = [...write, ...(exitCode === undefined ? pause : exit)];
  const code = Buffer.alloc(4 * instructions.length);
  instructions.forEach((instruction, i) => code.writeUInt32LE(instruction >>> 0, 4 * i));
  return code;
}
