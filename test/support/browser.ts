import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const CHROMIUM = '/usr/bin/chromium';

export async function openBrowser(): Promise<Browser> {
  // Root has no sandbox, and /dev/shm may be small.
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** A page of its own, and what went wrong in it. */
export async function openPage(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; context: BrowserContext; troubles: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', ({ message }) => troubles.push(message));
  // A connection that breaks is told there, too, and is no fault of the page.
  page.on('console', (told) => {
    if (told.type() === 'error' && !told.text().includes('net::ERR_')) troubles.push(told.text());
  });
  return { page, context, troubles };
}

/** What a program that knows the rules of accessible pages finds wrong. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

interface Violation {
  id: string;
  nodes: { html: string }[];
}

/** Run in the page: the elements whose text is cut, and cannot be had in whole by a title or by scrolling. */
const FIND_CUT = `(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const isCut = (one) => one.clientWidth > 4 && one.clientHeight > 4 && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'hidden';
  const isShown = (one) => one.checkVisibility() && one.closest('[hidden]') === null;
  const canBeHad = (one) => one.title !== '' || one.querySelector('[title]') !== null || one.closest('[title]') !== null;
  const cut = [...document.querySelectorAll('main *, header *')].filter((one) => isShown(one) && isCut(one) && !canBeHad(one));
  return { tooWide: Math.max(0, scrollWidth - clientWidth), cut: cut.map((one) => one.outerHTML.slice(0, 160)) };
})()`;

/** Nothing of the page is wider than it, and no text is cut that cannot be had in whole. */
export async function expectFits(page: Page): Promise<void> {
  expect(await page.evaluate(FIND_CUT)).toEqual({ tooWide: 0, cut: [] });
}
