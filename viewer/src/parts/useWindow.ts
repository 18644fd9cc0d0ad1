// Which rows of a long list are in view: only they are in the page, whatever the list's length.
import { useCallback, useEffect, useState, type RefObject } from 'react';

const OVERSCAN = 12;

export interface Window {
  /** Index of the first row to draw. */
  first: number;
  /** Index behind the last one. */
  end: number;
  /** Scrolls as little as brings a row into view. */
  reveal(index: number): void;
}

/**
 * @param frame the element that scrolls.
 * @param count number of rows.
 * @param rowHeight of each, in pixels.
 */
export function useWindow(
  frame: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): Window {
  const [view, setView] = useState({ top: 0, height: 800 });
  useEffect(() => {
    const element = frame.current;
    if (element === null) {
      return undefined;
    }
    const read = () => setView({ top: element.scrollTop, height: element.clientHeight });
    read();
    element.addEventListener('scroll', read, { passive: true });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', read);
      observer.disconnect();
    };
  }, [frame]);
  const reveal = useCallback(
    (index: number) => {
      const element = frame.current;
      if (element === null) {
        return;
      }
      const top = index * rowHeight;
      if (top < element.scrollTop) {
        element.scrollTop = top;
      } else if (top + rowHeight > element.scrollTop + element.clientHeight) {
        element.scrollTop = top + rowHeight - element.clientHeight;
      }
    },
    [frame, rowHeight],
  );
  return { ...rowsInView(view.top, view.height, count, rowHeight), reveal };
}

/** The rows of a view, with some above and below for quick scrolling. */
export function rowsInView(
  top: number,
  height: number,
  count: number,
  rowHeight: number,
): { first: number; end: number } {
  const first = Math.max(0, Math.min(count, Math.floor(top / rowHeight)) - OVERSCAN);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + OVERSCAN);
  return { first, end: Math.max(first, end) };
}
