const DOCKER = 'needs Docker Engine: npm run test:image runs the same steps';
const WHOLE = 'is the whole suite, or starts it';
const BENCH = 'measures for minutes; npm run bench is run by hand';
const BOOTED = 'needs a machine booted by systemd: npm run test:package runs the same steps on a Debian 13';

/** Blocks of commands in the documents that no test runs as they stand, with the reason. Whatever else there is, is run. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  'README.md: npm run demo':
    'makes namespaces by fixed names, so two runs at a time would meet: it is run by hand before a release',
  'README.md: npm test': WHOLE,
  'README.md: npm ci && npm run build && npm run package:deb': BOOTED,
  'README.md: cd docker && export COMPOSE_PROJECT_NAME=fleetwall': DOCKER,
  'docker/README.md: docker compose exec rabbitmq rabbitmqctl add_user admin': DOCKER,
  'docker/README-image.md: npm ci && npm run build && npm run package:deb        # dist-deb/fleetwall_0.1.0-1_all.deb':
    BOOTED,
  'src/cli/README.md: $ cat block.yaml':
    'test/integration/central/block-addresses.test.ts runs it from the page, with --host in place of --all',
  'src/cli/README.md: $ cscli bouncers add fleetwall -o raw > /etc/fleetwall/crowdsec.key':
    'test/integration/central/block-addresses.test.ts runs it from the page, for one host and a CrowdSec of its own',
  'src/contract/README.md: $ python3 push.py amqp://127.0.0.1:5672 web-2 ops.key mine 2 < rules.txt':
    'the program above it is run, and what it prints is compared with this',
  'src/contract/README.md: $ npx quicktype --src-lang schema --lang python --out fleetwall.py schemas/job.schema.json schemas/event.schema.json':
    'loads quicktype from the registry: the tests do the same with its library',
  'test/README.md: npm test                                       # sets the machine up, builds if needed, runs all but the next':
    WHOLE,
  '.github/CONTRIBUTING.md: git clone … && cd fleetwall': WHOLE,
  'test/bench/README.md: npm run bench -- goals --rules 10000 --rounds 5': BENCH,
  'test/bench/README.md: npm run bench -- console 1000000 20000 60': BENCH,
  'test/bench/README.md: npm run bench -- engine --rules 10,1000 --rounds 5': BENCH,
  'test/bench/README.md: npm run bench -- failing-line': BENCH,
  'test/bench/README.md: npm run bench -- footprint --jobs 1000 --starts 3 --idle-seconds 10': BENCH,
  'test/bench/README.md: npm run bench -- lists --entries 500000 --rounds 3 --changes 1000 --seconds 60':
    BENCH,
  'test/bench/README.md: npm run bench -- memory --jobs 2000 --big 3': BENCH,
};
