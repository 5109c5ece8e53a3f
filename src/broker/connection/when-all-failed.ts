import { BrokerRefused, BrokerUnreachable } from './broker-errors.ts';

/**
 * Counts attempts to connect for the first time, each to another node of a broker.
 *
 * @param fail called once each of the nodes has failed, or one has refused, as all would
 * @returns what is to be told of each attempt that has failed, as {@link explainRefusal} has put it
 */
export function whenAllFailed(
  nodes: number,
  fail: (error: BrokerRefused | BrokerUnreachable) => void,
): (address: string, error: Error) => void {
  const reasons = new Map<string, string>();
  let tries = 0;
  return (address, error) => {
    tries += 1;
    const reason = `${address}: ${error.message}`;
    reasons.set(address, reason);
    if (error instanceof BrokerRefused) fail(new BrokerRefused(reason, { cause: error }));
    else if (tries >= nodes) fail(new BrokerUnreachable([...reasons.values()].join('; '), { cause: error }));
  };
}
