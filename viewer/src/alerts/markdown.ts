// A runbook as HTML: rendered and sanitised by Grafana's library, with links that work in the viewer.
import { renderMarkdown } from '@grafana/data';

import { boardPath } from './alerts';

// Grafana's sanitiser empties relative links, so they are made absolute before it sees them.
const REPOSITORY = '/repository/';
const RELATIVE_LINK = /\]\((?![a-z][a-z0-9+.-]*:|\/|#)([^)\s]+)\)/gi;

/**
 * Renders Markdown.
 *
 * Links to other runbooks and to boards lead within the viewer. Other relative links name files of the
 * repository, which the viewer does not serve: their texts stay, with their paths. Links elsewhere open
 * a new tab.
 */
export function runbookHtml(markdown: string): string {
  const page = new DOMParser().parseFromString(renderMarkdown(markdown.replace(RELATIVE_LINK, `](${REPOSITORY}$1)`)), 'text/html');
  for (const link of page.querySelectorAll('a')) {
    const href = (link.getAttribute('href') ?? '').replace(REPOSITORY, '');
    const target = viewerPath(href);
    if (target !== '') {
      link.setAttribute('href', target);
    } else if (/^https?:/.test(href)) {
      link.setAttribute('target', '_blank');
      link.setAttribute('rel', 'noreferrer');
    } else if (!href.startsWith('#')) {
      const text = page.createElement('span');
      text.title = `${href} in the repository`;
      text.append(...link.childNodes);
      link.replaceWith(text);
    }
  }
  for (const block of page.querySelectorAll('pre')) {
    // A long line scrolls, which has to work by keyboard too.
    block.tabIndex = 0;
  }
  return page.body.innerHTML;
}

/** Where a link of a runbook leads in the viewer; empty where nowhere. */
export function viewerPath(href: string): string {
  const runbook = /^(?:\.\/)?([a-z0-9-]+)\.md(#.*)?$/.exec(href);
  if (runbook !== null) {
    return `/runbooks/${runbook[1]}${runbook[2] ?? ''}`;
  }
  if (/^\/(trace|search|logs|alerts|profile|runbooks)(\/|\?|$)/.test(href)) {
    return href;
  }
  return href.startsWith('/d/') || /^https?:\/\/(127\.0\.0\.1|localhost):\d+\/d\//.test(href)
    ? boardPath(href)
    : '';
}
