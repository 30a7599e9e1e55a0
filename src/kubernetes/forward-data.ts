import type { Socket } from 'node:net';

/** The part of a web socket that is used here; the library comes without its types. */
export interface Channel {
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  /** @param sent called once the data have left this process */
  send: (data: Buffer, sent: () => void) => void;
  /** Stops and continues the arrival of data. */
  pause: () => void;
  resume: () => void;
  close: () => void;
}

/** The stream of a channel that carries data; the other one carries errors. */
const DATA = 0;

/**
 * Passes data between a client's socket and a channel to a pod. Neither side is read faster than the
 * other one takes the data, so little of it is in memory at a time.
 */
export class ForwardedData {
  readonly #socket: Socket;
  readonly #started = new Set<number>();
  #channel: Channel | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.pause(); // nothing is lost before there is a channel
    socket.on('drain', () => this.#channel?.resume());
  }

  /** Takes what the channel brings. It may bring something before it counts as open. */
  readonly receive = (stream: number, data: Buffer): boolean => {
    const isFirst = !this.#started.has(stream); // each stream starts with the port number
    this.#started.add(stream);
    const content = isFirst ? data.subarray(2) : data;
    if (stream !== DATA) {
      if (content.length > 0) this.#socket.destroy(); // no process listens on that port
    } else if (!this.#socket.write(content)) this.#channel?.pause();
    return true;
  };

  /** Begins with another channel: the last one was not opened. */
  restart(): void {
    this.#started.clear();
  }

  open(channel: Channel): void {
    const socket = this.#socket;
    this.#channel = channel;
    channel.onclose = () => socket.end();
    channel.onerror = () => socket.destroy();
    if (socket.destroyed) return channel.close();
    if (socket.writableNeedDrain) channel.pause();
    socket.once('close', () => channel.close());
    socket.on('data', (data: Buffer) => {
      socket.pause();
      channel.send(Buffer.concat([Buffer.of(DATA), data]), () => socket.resume());
    });
    socket.resume();
  }
}
