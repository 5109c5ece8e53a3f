/** No broker could be reached or used in time, or the connection to it was closed. */
export class BrokerUnreachable extends Error {
  override readonly name = 'BrokerUnreachable';
  readonly code = 'broker_unreachable';
}

/** The broker does not let its user do what was asked for. */
export class BrokerRefused extends Error {
  override readonly name = 'BrokerRefused';
  readonly code = 'broker_refused';
}
