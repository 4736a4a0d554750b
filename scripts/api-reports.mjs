// npm run api: the public API of each package, as text. A change of it shows as a diff in review.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { root } from './child.mjs';
import { publishedPackages } from './published-packages.mjs';

/**
 * Writes each report anew, or compares it with the one that is committed.
 *
 * @param {{ update: boolean }} options
 * @returns {string[]} a sentence for each report that is not as it was
 */
export function apiReports({ update }) {
  return publishedPackages(root).flatMap(({ folder, manifest }) => {
    const expected = new Set();
    const problems = Object.entries(manifest.exports).flatMap(([entry, { types }]) => {
      if (types === undefined) return [];
      const name = entry === '.' ? 'index' : basename(entry);
      expected.add(`${name}.api.md`);
      return reportOf(folder, name, types, update);
    });
    const left = reportsIn(folder).filter((file) => !expected.has(file));
    if (update) for (const file of left) rmSync(join(folder, 'api', file));
    return [
      ...problems,
      ...(update ? [] : left.map((file) => `${folder}/api/${file} is of an entry that is gone`)),
    ];
  });
}

/** @param {string} folder @param {string} name @param {string} types @param {boolean} update */
function reportOf(folder, name, types, update) {
  mkdirSync(join(folder, 'api'), { recursive: true });
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, types),
      compiler: { overrideTsconfig: { compilerOptions, files: [join(folder, types)] } },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(folder, 'api'),
        reportTempFolder: join(root, 'node_modules/.cache/api-reports'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: silent },
        extractorMessageReporting: { default: silent },
        tsdocMessageReporting: { default: silent },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: update,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  return apiReportChanged && !update
    ? [
        `The API of ${folder} (${name}) is not what its report says. Look at the diff of: npm run api`,
      ]
    : [];
}

const silent = { logLevel: ExtractorLogLevel.None };

const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable', 'dom'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  skipLibCheck: true,
  types: ['node'],
};

/** @param {string} folder */
function reportsIn(folder) {
  const reports = join(folder, 'api');
  return existsSync(reports) ? readdirSync(reports) : [];
}

if (process.argv[1] === import.meta.filename) {
  const problems = apiReports({ update: !process.argv.includes('--check') });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
