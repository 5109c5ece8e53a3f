import type { ClientSettings } from '../config/client-settings.ts';

/** How to reach a fleet's broker. All but the URL are paths of files. */
export interface ConnectOptions {
  /** `amqp://USER:PASSWORD@HOST:PORT/VHOST`, or `amqps:`; several brokers of a cluster with commas between. */
  url?: string | undefined;
  /** A file with the password, which is then not in the URL. */
  passwordFile?: string | undefined;
  /** A PEM file with the certificates that the broker's has to be signed with. */
  ca?: string | undefined;
  /** With a certificate and no user in the URL, the broker takes the user from there. */
  cert?: string | undefined;
  /** The private key of `cert`, a PEM file. */
  key?: string | undefined;
  /** Private keys, with which all that is sent is signed. */
  signWith?: readonly string[] | undefined;
  /** Shown in the broker's list of connections. */
  name?: string | undefined;
  /** Told, in words for a person, when the broker is lost or takes no messages, and when that is over. */
  onNote?: ((note: string) => void) | undefined;
  /** @internal In place of the URL and the files, as they were read before. */
  settings?: ClientSettings;
  /** Ends the attempt to connect. */
  signal?: AbortSignal | undefined;
}
