import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** A certificate authority for tests. Its certificate and all that it signs are PEM files in a folder. */
export class Authority {
  readonly folder: string;
  readonly name: string;

  private constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
  }

  static async create(folder: string, name: string): Promise<Authority> {
    const ca = new Authority(folder, name);
    await openssl(
      'req',
      '-x509',
      ...newKey(ca.path('key')),
      '-out',
      ca.path('pem'),
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
    return ca;
  }

  get certificate(): string {
    return this.path('pem');
  }

  /** @param alternative such as `IP:127.0.0.1`, for a server */
  async issue(commonName: string, alternative?: string): Promise<{ cert: string; key: string }> {
    const [key, request, cert] = ['key', 'csr', 'pem'].map((kind) =>
      join(this.folder, `${this.name}-${commonName}.${kind}`),
    ) as [string, string, string];
    await openssl('req', ...newKey(key), '-out', request, '-subj', `/CN=${commonName}`);
    const extensions = `${request}.ext`;
    await writeFile(extensions, alternative === undefined ? '' : `subjectAltName=${alternative}\n`);
    const signer = ['-CA', this.path('pem'), '-CAkey', this.path('key'), '-CAcreateserial'];
    await openssl(
      'x509',
      '-req',
      '-in',
      request,
      ...signer,
      '-out',
      cert,
      '-days',
      '2',
      '-extfile',
      extensions,
    );
    await chmod(key, 0o600);
    return { cert, key };
  }

  private path(kind: 'key' | 'pem'): string {
    return join(this.folder, `${this.name}.${kind}`);
  }
}

function newKey(path: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path];
}

async function openssl(...args: string[]): Promise<void> {
  await execa('openssl', args);
}
