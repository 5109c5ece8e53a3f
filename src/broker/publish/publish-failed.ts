/** A message was not confirmed: the connection is down, the broker said no, or nothing came in time. */
export class PublishFailed extends Error {
  override readonly name: string = 'PublishFailed';
}

/** The broker has neither confirmed nor refused it. */
export class NoConfirm extends PublishFailed {}

/** The broker has confirmed the event, but no queue is bound for it. */
export class NobodyBound extends PublishFailed {}

/** No message can be made of it, as its headers are too long. The broker has not seen it, and to try again is of no use. */
export class NotEncodable extends PublishFailed {}
