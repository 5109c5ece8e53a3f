import type { Socket } from 'node:net';
import type { ChannelModel } from 'amqplib';

/** The socket of a connection, which amqplib's types do not tell of. */
function socketOf(model: ChannelModel): Socket {
  return (model.connection as unknown as { stream: Socket }).stream;
}

/** Whether the connection's socket is there, as far as is known here. */
export function isOpen(model: ChannelModel): boolean {
  const { destroyed, writableEnded } = socketOf(model);
  // Of a connection that is given up for want of heartbeats, amqplib only ends the socket: the other side may never answer.
  return !destroyed && !writableEnded;
}

/** How many bytes the broker has sent over the connection. */
export function bytesFrom(model: ChannelModel): number {
  return socketOf(model).bytesRead;
}

/** Cuts a connection to a broker that does not answer any more, without saying so to the broker. */
export function dropConnection(model: ChannelModel): void {
  socketOf(model).destroy(new Error('the broker does not answer any more'));
}

/** Calls back once the connection's socket is no more. */
export function whenGone(model: ChannelModel, gone: () => void): void {
  const socket = socketOf(model);
  if (socket.closed) gone();
  else socket.once('close', gone);
}
