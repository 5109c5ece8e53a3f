/** What amqplib says when the broker closes a connection while it is opened; of the broker's reason it says nothing. */
const NOT_OPENED = /Expected ConnectionOpenOk; got <ConnectionClose/;

/** Puts into words what the broker does not want, where amqplib does not. */
export function explainRefusal(error: Error): Error {
  if (!NOT_OPENED.test(error.message)) return error;
  const message =
    'the broker has closed the connection when it was opened: there is no such vhost, the user has no right to it, or a limit of connections is reached; the log of the broker says which';
  return new Error(message, { cause: error });
}
