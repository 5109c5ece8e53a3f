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

/** Cuts a connection without saying so to the broker, which may not answer any more. @param why what is told of the loss */
export function dropConnection(model: ChannelModel, why = 'the broker does not answer any more'): void {
  socketOf(model).destroy(new Error(why));
}

/** Notes when the broker takes no messages for now, on any connection to its cluster, as it is short of memory or disk. */
export function watchBlocked(model: ChannelModel): void {
  model.on('blocked', () => blocked.add(model));
  model.on('unblocked', () => blocked.delete(model));
}

/** Whether the broker takes no messages for now. */
export function isBlocked(model: ChannelModel): boolean {
  return blocked.has(model);
}

const blocked = new WeakSet<ChannelModel>();

/** Calls back once the connection's socket is no more. */
export function whenGone(model: ChannelModel, gone: () => void): void {
  const socket = socketOf(model);
  if (socket.closed) gone();
  else socket.once('close', gone);
}
