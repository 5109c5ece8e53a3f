import type { ReportedList } from '../../contract/event.ts';
import { askListChange, askWholeList } from './list-requests.ts';
import type { Operator } from './operator.ts';
import type {
  HostAnswers,
  HostSelection,
  ListChange,
  ListOptions,
  RequestOptions,
  WholeList,
} from './options.ts';
import { askListReport } from './send-list-job.ts';

/**
 * Lists of addresses on the hosts of a fleet. Under the revision `next`, what another was faster with is tried again.
 *
 * What is asked of hosts is refused with {@link RequestInvalid}, before anything is sent, if it is no job or for nobody.
 */
export class FleetLists {
  readonly #operator: Operator;

  /** @internal */
  constructor(operator: Operator) {
    this.#operator = operator;
  }

  /** Has hosts hold exactly these entries in a list; who does not have the list makes it. @throws {RequestInvalid} */
  async replace(list: WholeList, whom: HostSelection, options: ListOptions = {}): Promise<HostAnswers> {
    return await askWholeList(this.#operator, { action: 'list.replace', list }, whom, options);
  }

  /**
   * Has hosts add and remove some entries of a list; who does not have the list makes it. A host that has missed a change gets the whole
   * list as others have it, and `onMended` is called.
   *
   * @throws {RequestInvalid}
   */
  async change(list: ListChange, whom: HostSelection, options: ListOptions = {}): Promise<HostAnswers> {
    return await askListChange(this.#operator, list, whom, options);
  }

  /** Has hosts take a list away; one that rules match is refused. @throws {RequestInvalid} */
  async remove(
    name: string,
    revision: number | 'next',
    whom: HostSelection,
    options: ListOptions = {},
  ): Promise<HostAnswers> {
    const request = { action: 'list.remove', list: { name, revision } } as const;
    return await askWholeList(this.#operator, request, whom, options);
  }

  /** What hosts have of a list. `null`: the host did not answer, or cannot hold lists. @throws {RequestInvalid} */
  async report(
    name: string,
    whom: HostSelection,
    options: RequestOptions = {},
  ): Promise<Map<string, ReportedList | null>> {
    return await askListReport(this.#operator, name, whom, options);
  }
}
