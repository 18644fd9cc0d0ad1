// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';

import { runbookHtml, viewerPath } from '../../src/alerts/markdown';

describe('a runbook', () => {
  it('is rendered, and its links lead within the viewer', () => {
    expect(runbookHtml('# Title\n\nSee [the other](database-slow.md) and [the board](/d/serene-mongodb?from=now-1h).')).toBe(
      '<h1>Title</h1>\n<p>See <a href="/runbooks/database-slow">the other</a> and ' +
        '<a href="/d/serene-mongodb?from=now-1h">the board</a>.</p>\n',
    );
  });

  it('keeps the text of a link to a file that the viewer does not serve', () => {
    expect(runbookHtml('[phases](../phases.md)')).toBe(
      '<p><span title="../phases.md in the repository">phases</span></p>\n',
    );
  });

  it('runs nothing', () => {
    const html = runbookHtml(
      '<script>alert(1)</script><img src=x onerror="alert(1)">[x](javascript:alert(1))<a href="javascript:alert(1)">y</a>',
    );
    expect(html).not.toMatch(/<script|onerror=|href="javascript/i);
  });
});

describe('a link of a runbook', () => {
  it.each([
    ['database-slow.md#first', '/runbooks/database-slow#first'],
    ['/search?q=x', '/search?q=x'],
    ['http://127.0.0.1:3000/d/serene-home?from=now-1h', '/d/serene-home?from=now-1h'],
    ['https://example.org/d/x', ''],
    ['../../README.md', ''],
  ])('%s leads to %s', (href, path) => {
    expect(viewerPath(href)).toBe(path);
  });
});
