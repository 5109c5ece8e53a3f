/** No broker could be reached or used in time, or the connection to it was closed. */
export class BrokerUnreachable extends Error {
  /** That of the class. */
  override readonly name = 'BrokerUnreachable';
  /** Stays the same, whatever the message says. */
  readonly code = 'broker_unreachable';
}

/** The broker does not let its user do what was asked for. */
export class BrokerRefused extends Error {
  /** That of the class. */
  override readonly name = 'BrokerRefused';
  /** Stays the same, whatever the message says. */
  readonly code = 'broker_refused';
}
