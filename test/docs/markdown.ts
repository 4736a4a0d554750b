import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export interface Block {
  readonly file: string;
  /** Of the first line inside the fence. */
  readonly line: number;
  /** What follows the language, e.g. `ignore`. */
  readonly mark: string;
  readonly code: string;
}

export interface Page {
  /** From the root of the house. */
  readonly file: string;
  readonly text: string;
}

/** Every page that people read, without what others wrote. */
export function pagesOf(root: string): Page[] {
  const folders = ['.', 'docs', ...readdirSync(join(root, 'packages')).map((p) => `packages/${p}`)];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder === 'docs', encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => join(folder, name))
      .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') })),
  );
}

export interface Box extends Block {
  readonly language: string;
}

/** The fenced blocks of one language, their indentation taken off. */
export function blocksOf(page: Page, language: string): Block[] {
  return boxesOf(page)
    .filter((box) => box.language === language)
    .map(({ language: _, ...block }) => block);
}

/** The fenced blocks in the order of the page, whatever their language. */
export function boxesOf({ file, text }: Page): Box[] {
  const lines = text.split('\n');
  const blocks: Box[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = '', info = ''] = /^( *)```(\S.*)$/.exec(lines[at] ?? '') ?? [];
    if (info === '') continue;
    const end = lines.indexOf(`${indent}\`\`\``, at + 1);
    const code = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    const [language = '', ...mark] = info.split(' ');
    const [line, text] = [at + 2, `${code.join('\n')}\n`];
    blocks.push({ file, line, language, mark: mark.join(' '), code: text });
    at = end;
  }
  return blocks;
}

/** The text without fenced blocks. */
function proseOf({ text }: Page): string {
  return text.replace(/^( *)```.*$(?:\n.*)*?\n\1```$/gm, '');
}

/** Headings of one level, as they are written, each with the text below it. */
export function sectionsOf(page: Page, level: number): Map<string, string> {
  const start = new RegExp(`^#{${level}} `, 'm');
  const sections = proseOf(page).split(start).slice(1);
  return new Map(
    sections.map((section) => {
      const [heading = '', ...body] = section.split('\n');
      return [heading.trim(), body.join('\n').split(/^#{1,6} /m)[0] ?? ''];
    }),
  );
}

/** Links that lead nowhere: a file that is not there, or a heading it does not have. */
export function brokenLinks(root: string, pages: readonly Page[]): string[] {
  const known = new Map(pages.map((page) => [page.file, anchorsOf(page)]));
  return pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\(([^()\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#');
        const file =
          path === '' ? page.file : relative(root, resolve(root, dirname(page.file), path));
        const anchors = known.get(file);
        if (anchors !== undefined) return anchor !== undefined && !anchors.has(anchor);
        return !existsSync(join(root, file));
      })
      .map((target) => `${page.file}: ${target}`),
  );
}

/** Anchors as GitHub makes them. */
function anchorsOf(page: Page): Set<string> {
  const headings = [...proseOf(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) => text);
  return new Set(
    headings.map((text) =>
      text
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
