/** Why a broker closes a channel (AMQP 0-9-1, 1.2 "Constants"): https://www.rabbitmq.com/amqp-0-9-1-reference#constants */
export const ACCESS_REFUSED = 403;
export const NOT_FOUND = 404;
export const RESOURCE_LOCKED = 405;
/** Also of a stream that has no copy on the node that one is connected to, or none that is started. */
export const PRECONDITION_FAILED = 406;

/** The reply code in an error that came from the broker; `undefined` for any other error. */
export function replyCode(error: unknown): number | undefined {
  return (error as { code?: number } | null)?.code;
}
