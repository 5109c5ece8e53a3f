import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { DaemonSet, type IDaemonSet } from 'kubernetes-models/apps/v1';
import { type INamespace, Namespace } from 'kubernetes-models/v1';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { serviceFiles } from '../../src/cli/files/service-files.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { environmentName, SETTING_NAMES } from '../../src/config/worker-settings.ts';

const ROOT = join(import.meta.dirname, '../..');

let daemonSet: IDaemonSet;
let namespace: INamespace;
beforeAll(async () => {
  const text = await readFile(join(ROOT, 'docker/kubernetes/fleetwall.yaml'), 'utf8');
  [namespace, daemonSet] = parseAllDocuments(text).map((document) => document.toJS()) as [
    INamespace,
    IDaemonSet,
  ];
});
const pod = () => daemonSet.spec?.template.spec;
const worker = () => pod()?.containers[0];

describe('the manifest for Kubernetes', () => {
  it('is valid by the schemas of the API, which refuse a wrong one', () => {
    new Namespace(namespace).validate();
    new DaemonSet(daemonSet).validate();
    const wrong = {
      ...daemonSet,
      spec: { ...daemonSet.spec, minReadySeconds: '30' },
    } as unknown as IDaemonSet;
    expect(() => new DaemonSet(wrong).validate()).toThrow(/minReadySeconds/);
  });

  // The schemas say nothing of fields that they do not know; the compiler does, of a literal.
  it('has only fields that the API has', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fleetwall-kubernetes-'));
    const compile = async (value: unknown) => {
      const type = "import type { IDaemonSet } from 'kubernetes-models/apps/v1';";
      await writeFile(
        join(folder, 'try.ts'),
        `${type}\nexport const it: IDaemonSet = ${JSON.stringify(value)};\n`,
      );
      const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
      return await execa(join(ROOT, 'node_modules/.bin/tsc'), [...flags, 'try.ts'], {
        cwd: folder,
        reject: false,
      });
    };
    try {
      await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      expect((await compile(daemonSet)).stdout).toBe('');
      expect(
        (await compile({ ...daemonSet, spec: { ...daemonSet.spec, hostNetwork: true } })).stdout,
      ).toMatch(/hostNetwork\S* does not exist/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names the image of this version', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(worker()?.image).toMatch(new RegExp(`/fleetwall:${version}$`));
  });

  it('runs each worker on its node, with the rights of the unit, and those only', () => {
    expect(daemonSet.metadata?.namespace).toBe(namespace.metadata?.name);
    expect(daemonSet.spec?.template.metadata?.labels).toEqual(daemonSet.spec?.selector.matchLabels);
    expect(pod()).toMatchObject({ hostNetwork: true, automountServiceAccountToken: false });
    const [unit] = serviceFiles({ command: 'fleetwall' });
    const rights = /^CapabilityBoundingSet=(.*)$/m.exec(unit?.text ?? '')?.[1]?.split(' ');
    const { capabilities, privileged, readOnlyRootFilesystem } = worker()?.securityContext ?? {};
    expect(capabilities?.add?.map((right) => `CAP_${right}`)).toEqual(rights);
    expect({ drop: capabilities?.drop, privileged, readOnlyRootFilesystem }).toEqual({
      drop: ['ALL'],
      privileged: undefined,
      readOnlyRootFilesystem: true,
    });
  });

  it('has settings that a worker accepts', async () => {
    const environment = settingsOf(worker());
    const known = SETTING_NAMES.map(environmentName);
    expect(known).toEqual(expect.arrayContaining(Object.keys(environment)));
    const { FLEETWALL_AMQP_PASSWORD_FILE: _, ...rest } = environment;
    const settings = await loadSettings({ flags: {}, environment: rest, configFile: undefined });
    expect(settings).toMatchObject({ hostId: 'node-1', httpAddress: { host: '127.0.0.1', port: 9464 } });
    for (const probe of [worker()?.livenessProbe, worker()?.readinessProbe, worker()?.startupProbe]) {
      expect(probe?.httpGet).toMatchObject(settings.httpAddress ?? {});
    }
  });

  it('mounts what a worker writes to, and its secrets for reading only', () => {
    const mounts = new Map((worker()?.volumeMounts ?? []).map((mount) => [mount.mountPath, mount]));
    const { FLEETWALL_AMQP_PASSWORD_FILE: password = '', FLEETWALL_TRUSTED_KEYS: keys = '' } = settingsOf(
      worker(),
    );
    for (const path of [password, keys]) expect(mounts.get(dirname(path))?.readOnly, path).toBe(true);
    for (const path of ['/var/lib/fleetwall', '/run/fleetwall', '/run/xtables.lock', '/tmp']) {
      expect(mounts.has(path), path).toBe(true);
      expect(mounts.get(path)?.readOnly, path).toBeUndefined();
    }
    const volumes = pod()?.volumes?.map(({ name }) => name);
    expect([...mounts.values()].map(({ name }) => name).toSorted()).toEqual(volumes?.toSorted());
  });
});

function settingsOf(container: ReturnType<typeof worker>): Record<string, string> {
  return Object.fromEntries((container?.env ?? []).map(({ name, value = 'node-1' }) => [name, value]));
}
