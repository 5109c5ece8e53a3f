import type { ReportedList } from '../contract/events/event.ts';
import type {
  HostAnswers,
  HostSelection,
  ListChange,
  ListOptions,
  RequestOptions,
  WholeList,
} from './ask/options.ts';
import { askListChange, askWholeList } from './lists/list-requests.ts';
import { askListReport } from './lists/send-list-job.ts';
import type { OpenCalls } from './open-calls.ts';

/**
 * Lists of addresses on the hosts of a fleet. Under the revision `next`, what another was faster with is tried again.
 *
 * What is asked of hosts is refused with {@link RequestInvalid}, before anything is sent, if it is no job or for nobody.
 */
export class FleetLists {
  readonly #calls: OpenCalls;

  /** @internal */
  constructor(calls: OpenCalls) {
    this.#calls = calls;
  }

  /**
   * Has hosts hold exactly these entries in a list; who does not have the list makes it.
   *
   * @throws {@link RequestInvalid}
   *
   * @example
   * ```ts
   * const entries = ['203.0.113.9', { entry: '2001:db8:7::/48', until: '2099-01-01T00:00:00Z' }];
   * const answers = await fleet.lists.replace({ name: 'replaced', revision: 'next', entries }, { hosts: ['web-1'] });
   * console.log(answers.get('web-1')?.result?.list?.entries); // 2
   * ```
   */
  async replace(list: WholeList, whom: HostSelection, options: ListOptions = {}): Promise<HostAnswers> {
    return await this.#calls.run(askWholeList, [{ action: 'list.replace', list }, whom], options);
  }

  /**
   * Has hosts add and remove some entries of a list; who does not have the list makes it. A host that has missed a change gets the whole
   * list as others have it, and `onMended` is called.
   *
   * @throws {@link RequestInvalid}
   *
   * @example
   * ```ts
   * const change = { name: 'changed', revision: 'next', add: ['203.0.113.9'] } as const;
   * const answers = await fleet.lists.change(change, { hosts: ['web-1'] });
   * console.log(answers.get('web-1')?.end, answers.get('web-1')?.result?.counts?.added); // applied 1
   * ```
   */
  async change(list: ListChange, whom: HostSelection, options: ListOptions = {}): Promise<HostAnswers> {
    return await this.#calls.run(askListChange, [list, whom], options);
  }

  /**
   * Has hosts take a list away; one that rules match is refused.
   *
   * @throws {@link RequestInvalid}
   *
   * @example
   * ```ts
   * const list = { name: 'removed', revision: 'next', add: ['203.0.113.9'] } as const;
   * await fleet.lists.change(list, { hosts: ['web-1'] });
   * const answers = await fleet.lists.remove('removed', 'next', { hosts: ['web-1'] });
   * console.log(answers.get('web-1')?.end); // applied
   * ```
   */
  async remove(
    name: string,
    revision: number | 'next',
    whom: HostSelection,
    options: ListOptions = {},
  ): Promise<HostAnswers> {
    const request = { action: 'list.remove', list: { name, revision } } as const;
    return await this.#calls.run(askWholeList, [request, whom], options);
  }

  /**
   * What hosts have of a list. `null`: the host did not answer, or cannot hold lists.
   *
   * @throws {@link RequestInvalid}
   *
   * @example
   * ```ts
   * const list = { name: 'reported', revision: 'next', add: ['203.0.113.9'] } as const;
   * await fleet.lists.change(list, { hosts: ['web-1'] });
   * const reports = await fleet.lists.report('reported', { hosts: ['web-1'] });
   * console.log(reports.get('web-1')?.entries[0]?.entry); // 203.0.113.9
   * ```
   */
  async report(
    name: string,
    whom: HostSelection,
    options: RequestOptions = {},
  ): Promise<Map<string, ReportedList | null>> {
    return await this.#calls.run(askListReport, [name, whom], options);
  }
}
