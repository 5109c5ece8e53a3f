import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { BackOff } from '../../job/time/back-off.ts';
import { dropConnection } from '../connection/drop-connection.ts';
import { closeChannel, isOpen } from '../connection/open-channel.ts';

/**
 * What is made anew when messages are not confirmed: first the channel, and then the connection, which leads to another node. A channel
 * that was opened while a queue or the stream had no leader may refuse every message for it from then on, although there is a
 * leader again (seen with RabbitMQ 3.10 when nodes of a cluster die). With pauses that grow, since a broker may have good reasons.
 */
export class Renewal {
  #pause = new BackOff();
  #notBefore = 0;
  #isChannelNew = false;

  /** A message was confirmed: all is well again. */
  end(): void {
    this.#pause.reset();
    this.#isChannelNew = false;
  }

  /** A message was not confirmed. */
  begin(model: ChannelModel, channel: ConfirmChannel): void {
    if (!isOpen(model) || performance.now() < this.#notBefore) return;
    this.#notBefore = performance.now() + this.#pause.next();
    if (this.#isChannelNew) dropConnection(model);
    else closeChannel(channel);
    this.#isChannelNew = !this.#isChannelNew;
  }
}
