import { Command, Option } from 'commander';
import { ControlMessage } from '../../../contract/jobs/control.ts';
import { Job } from '../../../contract/jobs/job.ts';
import { IN_WORDS } from '../../../contract/words/describe-issue.ts';
import { describeIssues } from '../../../job/intake/decode.ts';
import { openSigned, readCompact, readGeneral } from '../../../job/intake/envelope.ts';
import { JobFailure } from '../../../job/outcome/job-failure.ts';
import { KeyFile } from '../../../keys/key-file.ts';
import { addSignatures, type GeneralJws, signMessage } from '../../../keys/sign.ts';
import { generateSigningKey, readSigningKey, type SigningKey } from '../../../keys/signing-key.ts';
import { silentLog } from '../../../log/logger.ts';
import { FileError, FileProblem } from '../../files/file-error.ts';
import { readInput } from '../../files/read-input.ts';
import { withExamples } from '../../options/help.ts';
import { collect } from '../../options/read-values.ts';
import type { ExitStatus } from '../../terminal/exit-status.ts';
import { print, printAside, printExactly } from '../../terminal/print.ts';
import { tellProgram } from '../../terminal/tell-error.ts';
import { withAdd, withRemove } from './keys-change.ts';
import { withList } from './keys-list.ts';

const JSON_OPTION = ['--json', 'print JSON on standard output'] as const;

/** Keys that sign jobs: to make them, to sign with them, and to see what they are trusted with. */
export function keysCommand(end: (status: ExitStatus) => void): Command {
  const keys = new Command('keys').exitOverride();
  const generate = keys
    .command('generate')
    .description('make a pair of keys: the private one goes to a file, the public one is printed')
    .argument('<file>', 'the file for the private key, as a JWK; it must not be there yet')
    .requiredOption('--kid <name>', 'the name of the key, by which hosts and people know it')
    .addOption(
      new Option('--algorithm <name>', 'how it signs: EdDSA is Ed25519, ES256 is ECDSA on P-256')
        .choices(['EdDSA', 'ES256'])
        .default('EdDSA'),
    )
    .option(...JSON_OPTION)
    .action(async (path: string, { kid, algorithm }: { kid: string; algorithm: SigningKey['algorithm'] }) => {
      printKeys({ keys: [await generateSigningKey(path, kid, algorithm)] });
    });
  const sign = keys
    .command('sign')
    .description('sign a job, or add a signature to a signed one; prints the JWS')
    .argument('<file>', 'a job as JSON, or a JWS; - is standard input')
    .requiredOption('--key <file>', 'a private key; may be given several times, to sign with each', collect)
    .option(...JSON_OPTION)
    .action(async (path: string, { key }: { key: string[] }) => {
      const signers = await Promise.all(key.map(readSigningKey));
      const input = await readInput(path);
      const jws = jwsIn(path, input);
      const signed = jws === null ? await signMessage(input, signers) : await addSignatures(jws, signers);
      print(`${signed.body.toString()}\n`);
    });
  const check = keys
    .command('verify')
    .description('check a signed job against the keys that a host trusts; prints what was signed')
    .argument('<file>', 'the JWS; - is standard input')
    .requiredOption('--trusted <file>', 'the JWK set of the host, which names the keys that it trusts')
    .option(...JSON_OPTION)
    .action(async (path: string, { trusted, json }: { trusted: string; json?: true }) =>
      end(await verify(path, trusted, json === true)),
    );
  withList(keys.command('list'));
  withAdd(keys.command('add'));
  withRemove(keys.command('remove'));
  withExamples(generate, [
    MAKE,
    ['for signers that have no Ed25519', 'fleetwall keys generate hsm.key --kid hsm --algorithm ES256'],
  ]);
  withExamples(sign, [
    ['a job that another program has made', 'fleetwall keys sign job.json --key ops.key > job.jws'],
    ['the signature of a second person', 'fleetwall keys sign job.jws --key second.key'],
  ]);
  withExamples(check, [
    VERIFY,
    ['a job that another program has just made', 'make-job | fleetwall keys verify - --trusted trusted.json'],
  ]);
  return withExamples(keys, [MAKE, LIST, VERIFY]);
}

const MAKE = [
  'a key for one operator; the public half is for the hosts',
  'fleetwall keys generate ops.key --kid ops > trusted.json',
] as const;
const LIST = ['what the hosts trust', 'fleetwall keys list trusted.json'] as const;
const VERIFY = [
  'would a host take this job?',
  'fleetwall keys verify job.jws --trusted trusted.json',
] as const;

async function verify(path: string, trusted: string, json: boolean): Promise<ExitStatus> {
  const ring = await KeyFile.open(trusted, silentLog());
  const input = await readInput(path);
  try {
    const { payload, signers } = await openSigned(input, !isJson(input), ring);
    printAside(`signed by ${signers.map(({ kid }) => kid).join(', ')}\n`);
    printExactly(payload);
    return 0;
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    printAside(`${error.code}: ${error.message}\n`);
    tellProgram({ code: error.code, message: error.message, exitStatus: 1, file: path }, json);
    return 1;
  }
}

/** @returns `null` for a message that nobody has signed yet @throws {FileError} for what is neither */
function jwsIn(path: string, input: Buffer): GeneralJws | null {
  try {
    if (isJson(input) && isMessage(input)) return null;
    const signatures = isJson(input) ? readGeneral(input) : readCompact(input);
    const payload = signatures[0]?.payload ?? '';
    return { payload, signatures };
  } catch (error) {
    if (!(error instanceof JobFailure || error instanceof SyntaxError)) throw error;
    throw new FileError([new FileProblem(path, null, `is neither a job nor a signed one: ${error.message}`)]);
  }
}

/** To sign what no host can read would only be found out there. */
function isMessage(input: Buffer): boolean {
  const values = JSON.parse(input.toString('utf8')) as object;
  if ('signatures' in values) return false;
  const read =
    'kind' in values ? ControlMessage.safeParse(values, IN_WORDS) : Job.safeParse(values, IN_WORDS);
  if (!read.success) throw new SyntaxError(describeIssues(read.error));
  if ('action' in read.data && read.data.expiresAt === undefined) {
    printAside('note: the job has no expiresAt: hosts refuse that, unless their policy lets it in\n');
  }
  return true;
}

function isJson(input: Buffer): boolean {
  return input.toString('latin1').trimStart().startsWith('{');
}

function printKeys(value: object): void {
  print(`${JSON.stringify(value, null, 2)}\n`);
}
