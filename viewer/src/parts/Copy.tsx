// A button that copies a text, and confirms it.
import { IconButton } from '@grafana/ui';
import { useEffect, useState } from 'react';

const CONFIRMED_MS = 1500;

export function Copy({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) {
      return undefined;
    }
    const timer = setTimeout(() => setCopied(false), CONFIRMED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      name={copied ? 'check' : 'copy'}
      size="sm"
      tooltip={copied ? 'Copied' : `Copy ${what}`}
      aria-label={copied ? `${what} copied` : `Copy ${what}`}
      onClick={(event) => {
        event.stopPropagation();
        void navigator.clipboard.writeText(text).then(() => setCopied(true));
      }}
    />
  );
}
