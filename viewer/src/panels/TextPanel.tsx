// Text: Markdown, or HTML, cleaned of scripts.
import { renderMarkdown, textUtil } from '@grafana/data';
import { useMemo } from 'react';

import { interpolate } from '../boards/interpolate';
import { optionsOf, type PanelProps } from './props';

const DEFAULTS = { mode: 'markdown', content: '' };

export function TextPanel({ panel, lookup }: PanelProps) {
  const { mode, content } = optionsOf(panel, DEFAULTS);
  const html = useMemo(() => {
    const text = interpolate(content, lookup);
    return mode === 'markdown' ? renderMarkdown(text) : textUtil.sanitize(text);
  }, [mode, content, lookup]);
  return (
    <div
      className="markdown-html"
      style={{ overflow: 'auto', height: '100%' }}
      // Cleaned above.
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}
