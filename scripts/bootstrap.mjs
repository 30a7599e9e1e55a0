#!/usr/bin/env node
/**
 * Prepares a checkout to run `node dist/bin/harness.cjs`: installs dependencies, builds, and with
 * `--tools` also installs Docker and kind. Every just recipe runs it first, so it must be fast if
 * there is nothing to do: it reads a few files, asks one socket, and starts no program. It is plain
 * JavaScript, because it runs before the compiler is installed. All output goes to standard error,
 * because standard output belongs to the command that follows.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
/**
 * Inside node_modules, so that it is deleted, and the build repeated, whenever the compiler and the
 * libraries may have changed.
 */
const STAMP = join(ROOT, 'node_modules', '.cache', 'kind-harness', 'built');
const COMMAND = join('dist', 'bin', 'harness.cjs');
const BUNDLER = join('scripts', 'bundle.mjs');
const LOCK = join(ROOT, '.harness', 'bootstrap.lock');
const ENVIRONMENT_FAILED = 3;
const OLDEST_NODE = [22, 22];
/** Where Docker's client looks for plugins, in addition to the user's own directory. */
const SYSTEM_PLUGINS = ['/usr/local/lib/docker', '/usr/local/libexec/docker', '/usr/lib/docker', '/usr/libexec/docker'];

process.chdir(ROOT);
requireNode();
if (dependenciesAreOld() || !isBuilt()) await alone(prepare);
if (process.argv.includes('--tools') && !(await hasTools())) process.exitCode = setUp();

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(
    `Node ${OLDEST_NODE.join('.')} or newer is required; this is ${process.versions.node}. To run without installing it:\n` +
      '  npx -y -p node@24.21.0 -p rust-just@1.57.0 -- just <recipe>',
  );
}

/** Checks again, because another process may have done everything while this one waited. */
function prepare() {
  if (dependenciesAreOld()) {
    log('Installing the dependencies (npm ci)');
    must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  }
  if (isBuilt()) return;
  const digest = sourcesDigest(); // before the build, which may miss later changes
  log('Building');
  must(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  removeOrphans();
  must(process.execPath, [BUNDLER]);
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, digest);
}

function dependenciesAreOld() {
  const installed = modifiedAt('node_modules/.package-lock.json'); // npm writes it last
  return installed === undefined || installed < (modifiedAt('package-lock.json') ?? 0);
}

function isBuilt() {
  return existsSync(COMMAND) && readOr(STAMP) === sourcesDigest();
}

/**
 * A digest of everything that is built. Of contents, because a checkout sets all modification
 * times.
 */
function sourcesDigest() {
  const hash = createHash('sha256');
  const sources = filesBelow('src').sort();
  for (const file of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', BUNDLER, ...sources]) {
    const content = readFileSync(file);
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/**
 * Removes the output of deleted sources, which the compiler leaves. A stale module that can still
 * be imported hides a mistake.
 */
function removeOrphans() {
  for (const file of filesBelow('dist').filter((path) => !path.startsWith(dirname(COMMAND)))) {
    const source = file.replace(/^dist/, 'src').replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts');
    if (!existsSync(source)) rmSync(file);
  }
}

/**
 * Whether all tools seem to be installed. This is a quick check: `harness setup` checks thoroughly,
 * which takes a second.
 */
async function hasTools() {
  return onPath('kind') && onPath('docker') && hasBuildx() && (await dockerAnswers());
}

function hasBuildx() {
  const directories = [process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), ...SYSTEM_PLUGINS];
  return directories.some((directory) => existsSync(join(directory, 'cli-plugins', 'docker-buildx')));
}

async function dockerAnswers() {
  const { dockerHost } = await import('../dist/endpoint/host.js');
  const host = dockerHost(process.env) ?? 'unix:///var/run/docker.sock';
  if (!host.startsWith('unix://')) return false; // not reachable with the quick check below
  return new Promise((resolve) => {
    // Without node:http, whose import would take longer than the rest of this script.
    const socket = createConnection(host.slice('unix://'.length), () =>
      socket.write('GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n'),
    );
    const finish = (answers) => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(2000, () => finish(false));
    socket.once('data', (head) => finish(/^HTTP\/1\.\d 200 /.test(head.toString('latin1'))));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
  });
}

/**
 * Runs `work` while no other process prepares this checkout. Two `npm ci` at the same time would
 * destroy each other's work.
 */
async function alone(work) {
  mkdirSync(dirname(LOCK), { recursive: true });
  for (let reported = false; !takeLock(); reported = true) {
    if (!reported) log(`Waiting for another process that prepares this checkout (${LOCK})`);
    await new Promise((wake) => setTimeout(wake, 200));
  }
  process.once('exit', () => rmSync(LOCK, { force: true }));
  work();
  rmSync(LOCK, { force: true });
}

function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isAlive(Number(readOr(LOCK)))) rmSync(LOCK, { force: true }); // its owner was killed
    return false;
  }
}

function isAlive(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return modifiedAt(LOCK) > Date.now() - 5000; // just created, not yet written
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Checks thoroughly, installs and starts what is missing. `harness setup` reports its own errors,
 * so only its exit code is returned.
 */
function setUp() {
  return (
    // The machines that test this repository may have a frozen mirror.
    spawnSync(process.execPath, [COMMAND, 'setup', '--quiet', '--accept-expired-index'], { stdio: ['ignore', 2, 2] })
      .status ?? ENVIRONMENT_FAILED
  );
}

function must(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 2, 2] });
  if (error) fail(`${program} could not be run: ${error.message}`);
  if (status !== 0) fail(`\`${[program, ...args].join(' ')}\` failed.`);
}

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return directory !== '';
    } catch {
      return false;
    }
  });
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function readOr(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function log(message) {
  process.stderr.write(`${message}\n`);
}

function fail(message) {
  log(message);
  process.exit(ENVIRONMENT_FAILED);
}
