const DOCKER = 'needs Docker Engine: npm run test:image runs the same steps';
const WHOLE = 'is the whole suite, or starts it';
const BENCH = 'measures for minutes; npm run bench is run by hand';
const ASKS =
  'asks at a terminal, or runs until it is interrupted: each command is run by the tests of its own';
const BOOTED = 'needs a machine booted by systemd: npm run test:package runs the same steps on a Debian 13';
const ADDRESS = 'names a broker of an example: the same command is run with that of a test';
const IDS = 'names a job or rollout of an example: the same command is run with that of a test';
const SHOWN = 'has its result among those that the tests of the command compare';

/** Blocks of commands in the documents that no test runs as they stand, with the reason. Whatever else there is, is run. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  'README.md: npm run demo':
    'takes a minute, makes namespaces by fixed names, and is run by hand before a release',
  'README.md: npm test': WHOLE,
  'README.md: npm ci && npm run build && npm run package:deb': BOOTED,
  'README.md: cd docker && export COMPOSE_PROJECT_NAME=fleetwall': DOCKER,
  'docker/README.md: docker compose exec rabbitmq rabbitmqctl add_user admin': DOCKER,
  'docker/README-operate.md: npm ci && npm run build': ADDRESS,
  'docker/README-operate.md: $ fleetwall provision --hosts hosts.txt --operator central --passwords ./passwords \\':
    ADDRESS,
  'docker/README-operate.md: $ fleetwall service install': BOOTED,
  'docker/README-operate.md: $ fleetwall doctor': 'shows a host of an example',
  'docker/README-operate.md: sh /var/lib/fleetwall/boot/load':
    'loads rules into the firewall of this machine: boot files are loaded in namespaces',
  'docker/README-image.md: npm ci && npm run build && npm run package:deb        # dist-deb/fleetwall_0.1.0-1_all.deb':
    BOOTED,
  'src/cli/README.md: $ cat hosts.txt': ADDRESS,
  'src/cli/README.md: $ cat /etc/fleetwall/worker.yaml': BOOTED,
  'src/cli/README.md: $ export FLEETWALL_AMQP_URL=amqps://central@broker.example/fleet': ADDRESS,
  'src/cli/README.md: $ fleetwall push edge.yaml --group web --yes --check': ASKS,
  'src/cli/README.md: $ fleetwall watch': ASKS,
  'src/cli/README.md: fleetwall worker --host-id web-1 --groups web,prod': ASKS,
  'src/cli/README.md: $ fleetwall check edge.rules': SHOWN,
  'src/cli/README.md: $ fleetwall apply edge.rules --confirm manual --confirm-timeout 60': ASKS,
  'src/cli/README.md: $ iptables-save -t filter | fleetwall push - --name edge --scope tables --host web-1':
    ASKS,
  'src/cli/README.md: $ fleetwall rollout edge.yaml --all --steps 1,5%,25%,100% --soak 60 --on-failure rollback':
    ASKS,
  'src/cli/README.md: $ fleetwall rollout list                                # which there were in the last month, and how they ended':
    IDS,
  'src/cli/README.md: $ fleetwall confirm 99100c9c-3567-439e-9849-cb3edc97b140': IDS,
  'src/cli/README.md: $ fleetwall watch --outcome failed': ASKS,
  'src/cli/README.md: $ cat block.yaml':
    'test/integration/central/block-addresses.test.ts runs it from the page, for one host',
  'src/cli/README.md: $ cscli bouncers add fleetwall -o raw > /etc/fleetwall/crowdsec.key':
    'test/integration/central/block-addresses.test.ts runs it from the page, for one host and a CrowdSec of its own',
  'src/cli/README.md: $ fleetwall forget web-7':
    'names a host of an example: the same command is run with that of a test',
  'src/cli/README.md: $ fleetwall provision --hosts hosts.txt --operator central --passwords ./passwords \\':
    ADDRESS,
  'src/cli/README.md: fleetwall push edge.yaml --group canary --check --yes':
    'waits for two minutes a step (--soak 120)',
  'src/contract/README.md: $ python3 push.py amqp://127.0.0.1:5672 web-2 ops.key mine 2 < rules.txt':
    'the program above it is run, and what it prints is compared with this',
  'src/contract/README.md: $ npx quicktype --src-lang schema --lang python --out fleetwall.py schemas/job.schema.json schemas/event.schema.json':
    'loads quicktype from the registry: the tests do the same with its library',
  'src/cli/README.md: $ fleetwall check edge.yaml': SHOWN,
  'src/cli/README.md: $ source <(fleetwall completion bash)     # in ~/.bashrc; for zsh the same with zsh in ~/.zshrc, behind compinit':
    'is for the start of a shell: completion is tested in the real shells',
  'test/README.md: npm test                                       # sets the machine up, builds if needed, runs all':
    WHOLE,
  '.github/CONTRIBUTING.md: git clone … && cd fleetwall': WHOLE,
  'test/bench/README.md: npm run bench -- goals --rules 10000 --rounds 5': BENCH,
  'test/bench/README.md: npm run bench -- engine --rules 10,1000 --rounds 5': BENCH,
  'test/bench/README.md: npm run bench -- failing-line': BENCH,
  'test/bench/README.md: npm run bench -- footprint --jobs 1000 --starts 3 --idle-seconds 10': BENCH,
  'test/bench/README.md: npm run bench -- memory --jobs 2000 --big 3': BENCH,
};
