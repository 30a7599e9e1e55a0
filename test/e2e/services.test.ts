import { beforeAll, describe, expect, it } from 'vitest';
import { LABELS } from '../../src/core/labels.ts';
import { suite, type Project } from './support/suite.ts';
import { docker, dockerLines } from './support/tools.ts';

/** Service containers next to the cluster: started once, and reached from pods and tests. */
const all = suite('services');

/** Answers each connection with the text in the variable `WORDS`. */
const SERVER = `use IO::Socket::INET; $| = 1;
my $server = IO::Socket::INET->new(LocalPort => 7000, Listen => 5, ReuseAddr => 1) or die $!;
print "ready to talk\\n";
while (my $client = $server->accept) { print $client "$ENV{WORDS}\\n"; close $client }
`;
/** Ends with 0 if the service sends the expected text. */
const CLIENT = `use IO::Socket::INET;
my ($server, $end) = (undef, time + 60);
until ($server = IO::Socket::INET->new(PeerHost => $ARGV[0], PeerPort => 7000)) {
  die "$ARGV[0]: $!" if time > $end; # a new Service can be reached only once the node's network knows it
  select undef, undef, undef, 0.2;
}
my $words = <$server>; print $words; exit($words eq "$ARGV[1]\\n" ? 0 : 1);
`;
const CHECK = `set -eu
test "$HARNESS_URL_STORE" = "$HARNESS_URL_STORE_7000"
for url in $HARNESS_URL_STORE $HARNESS_URL_TALKER; do
  node -e 'require("node:net").connect({ port: new URL(process.argv[1]).port }).pipe(process.stdout)' $url
done
`;

const containers = () =>
  dockerLines('ps', '--all', '--no-trunc', '--quiet', '--filter', `label=${LABELS.cluster}=${all.name}`);

function projectWithStore(name: string): Project {
  const project = all.project(name);
  project.write('app/Dockerfile', 'FROM debian:bookworm-slim\nCOPY *.pl /\n');
  project.write('app/server.pl', SERVER);
  project.write('app/client.pl', CLIENT);
  project.write('check.sh', CHECK);
  const app = { context: 'app', tag: project.reference, debianBases: { 'debian:bookworm-slim': 'bookworm' } };
  project.configure({ images: { app } });
  sendWords(project, 'first words');
  return project;
}

/** Configures the service to send another text, and a job that expects it. */
function sendWords(project: Project, words: string): void {
  const store = {
    image: project.reference,
    ports: [7000],
    env: { WORDS: words },
    command: ['perl', '/server.pl'],
    ready: { log: 'ready to talk' },
  };
  project.configure({ services: { store } });
  const asks = { name: 'asks', image: 'app', command: ['perl', '/client.pl', 'store', words] };
  const job = { restartPolicy: 'Never', containers: [asks] };
  const app = {
    name: 'app',
    image: 'app',
    command: ['perl', '/server.pl'],
    env: [{ name: 'WORDS', value: 'from a pod' }],
  };
  const labels = { app: 'talker' };
  const pods = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [app] } };
  project.manifest(
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `asks-${words.split(' ')[0]}` },
      spec: { backoffLimit: 0, template: { spec: job } },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'talker' },
      spec: { selector: { matchLabels: labels }, template: pods },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'talker' },
      spec: { selector: labels, ports: [{ port: 7000 }] },
    },
  );
}

beforeAll(async () => {
  await all.project('first').must('up');
});

describe('a service', () => {
  it('is reached by pods under its name and by tests, is kept between runs, and is recreated when its definition changes', async () => {
    const project = projectWithStore('store');
    await project.must('build-if-needed'); // the image exists only on this machine
    const first = await project.must('test-cached');
    expect(first.summary).toMatchObject({ ok: true, tests: { passed: 1 } });
    expect(first.output).toContain('first words\nfrom a pod');
    const [container, ...others] = await containers();
    expect(others).toEqual([]);

    expect((await project.must('test-cached')).output).toContain('first words');
    expect(await containers()).toEqual([container]);

    sendWords(project, 'other words');
    expect((await project.must('test-cached')).output).toContain('other words');
    const recreated = await containers();
    expect(recreated).toHaveLength(1);
    expect(recreated).not.toContain(container);

    await docker('stop', recreated[0]!);
    expect((await project.must('test-cached')).output).toContain('other words');
    expect(await containers()).toEqual(recreated);

    project.configure({ services: {} });
    project.write('check.sh', 'test -z "${HARNESS_URL_STORE:-}"\n');
    project.manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'nothing' } });
    await project.must('test-cached');
    expect(await containers()).toEqual([]);
  });

  it('that does not start is named, with its last output', async () => {
    const project = projectWithStore('broken');
    await project.must('build-if-needed');
    const store = { image: project.reference, ports: [7000], command: ['perl', '-e', 'die "no room in here"'] };
    project.configure({ services: { store } });
    const { exitCode, summary } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({ code: 'SERVICE', message: expect.stringContaining('Service store (') });
    expect(JSON.stringify(summary.error)).toContain('no room in here');
  });
});
