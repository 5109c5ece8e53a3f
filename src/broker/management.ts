import { ALL_KEY, groupKey, hostControlQueue, hostJobsQueue, hostKey } from '../contract/words/names.ts';
import type { BrokerDefinitions, ProvisionedHost } from './definitions.ts';

/** The broker's management API did not do what it was asked for. */
export class ManagementError extends Error {
  override readonly name: string = 'ManagementError';
}

/** Nobody answers there, or nobody who speaks HTTP. */
export class ManagementUnreachable extends ManagementError {
  override readonly name = 'ManagementUnreachable';
}

const TIMEOUT_MS = 60_000;

const UNAUTHORIZED = 401;

/** RabbitMQ's management HTTP API: https://www.rabbitmq.com/docs/http-api-reference */
export class Management {
  readonly #base: string;
  readonly #authorization: string;

  /** @param url `http://USER:PASSWORD@HOST:15672` of an administrator */
  constructor(url: URL) {
    this.#base = `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}/api`;
    const login = `${decodeURIComponent(url.username || 'guest')}:${decodeURIComponent(url.password || 'guest')}`;
    this.#authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  }

  /** Makes what does not exist yet. Users and rights that exist become as they are given here. @throws {ManagementError} */
  async define(definitions: Partial<BrokerDefinitions>): Promise<void> {
    await this.#ask('POST', '/definitions', definitions);
  }

  /**
   * Users that may look at the broker, or rule it. To define them would take that from them, and their passwords.
   *
   * @returns their tags, by their names
   * @throws {ManagementError}
   */
  async taggedUsers(): Promise<Map<string, string>> {
    const users = (await this.#ask('GET', path('users'))) as { name: string; tags: string | string[] }[];
    const told = users.map(({ name, tags }) => [name, [tags].flat().filter(Boolean).join(', ')] as const);
    return new Map(told.filter(([, tags]) => tags !== ''));
  }

  /** Lets a user have so many connections at a time, and no more. @throws {ManagementError} */
  async limitConnections(user: string, most: number): Promise<void> {
    await this.#ask('PUT', path('user-limits', user, 'max-connections'), { value: most });
  }

  /** Removes all bindings of a host's queues but those of its id, its groups and all hosts. @throws {ManagementError} */
  async unbindLeftGroups(vhost: string, { hostId, groups }: ProvisionedHost): Promise<void> {
    const keys = new Set([hostKey(hostId), ALL_KEY, ...groups.map(groupKey)]);
    for (const queue of [hostJobsQueue(hostId), hostControlQueue(hostId)]) {
      const found = (await this.#ask('GET', path('queues', vhost, queue, 'bindings'))) as Binding[];
      for (const { source, routing_key: key, properties_key: properties } of found) {
        if (source === '' || keys.has(key)) continue;
        await this.#ask('DELETE', path('bindings', vhost, 'e', source, 'q', queue, properties));
      }
    }
  }

  /** Deletes a host's user and its queues, with the messages in them. @throws {ManagementError} */
  async removeHost(vhost: string, hostId: string): Promise<void> {
    await this.#ask('DELETE', path('users', hostId));
    for (const queue of [hostJobsQueue(hostId), hostControlQueue(hostId)]) {
      await this.#ask('DELETE', path('queues', vhost, queue));
    }
  }

  async #ask(method: string, place: string, body?: object): Promise<unknown> {
    const answer = await this.#fetch(method, place, body);
    // Nothing has to be done to delete what does not exist.
    if (method === 'DELETE' && answer.status === 404) return null;
    const text = await answer.text();
    if (answer.status === UNAUTHORIZED) {
      throw new ManagementError(
        `${this.#base} does not let this user in (${reasonIn(text)}): --management-url, or FLEETWALL_MANAGEMENT_URL, has to have the name and password of an administrator of RabbitMQ`,
      );
    }
    if (!answer.ok) throw new ManagementError(`${method} ${place}: ${answer.status} ${reasonIn(text)}`);
    return text === '' ? null : JSON.parse(text);
  }

  async #fetch(method: string, place: string, body?: object): Promise<Response> {
    try {
      return await fetch(`${this.#base}${place}`, {
        method,
        // The administrator's password is for this address, and for no other that it may point to.
        redirect: 'error',
        headers: { authorization: this.#authorization, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      const { cause, message } = error as Error;
      const reason = cause instanceof Error ? cause.message : message;
      throw new ManagementUnreachable(
        `${this.#base} does not answer: ${reason}; is the management plugin enabled? (rabbitmq-plugins enable rabbitmq_management)`,
      );
    }
  }
}

interface Binding {
  source: string;
  routing_key: string;
  properties_key: string;
}

function path(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

function reasonIn(text: string): string {
  try {
    const { reason, error } = JSON.parse(text) as { reason?: string; error?: string };
    return reason ?? error ?? text;
  } catch {
    return text.slice(0, 200);
  }
}
