// The whole trace in small: dragging over it shows that part of the time below.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { memo, useEffect, useRef, useState, type PointerEvent } from 'react';

import { endMs, type Span } from './model';
import type { SpanNode } from './tree';
import { place, wholeOf, zoomed, type TimeView } from './view';
import type { Trace } from './model';

const HEIGHT = 44;
const MOST_LINE = 3;
const LEAST_DRAG = 0.005;

interface Props {
  trace: Trace;
  nodes: readonly SpanNode[];
  view: TimeView;
  colourOf(span: Span): string;
  onView(view: TimeView): void;
}

export const Minimap = memo(function Minimap({ trace, nodes, view, colourOf, onView }: Props) {
  const styles = useStyles2(getStyles);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<{ from: number; to: number } | undefined>();
  const whole = wholeOf(trace);
  useEffect(() => {
    const draw = () => canvas.current !== null && drawSpans(canvas.current, trace, nodes, colourOf);
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, [trace, nodes, colourOf]);
  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  const shown =
    drag === undefined
      ? { from: place(whole, view.fromMs), to: place(whole, view.toMs) }
      : { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) };
  return (
    <div
      className={styles.map}
      title="Drag to show a part of the time; double-click for all of it"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: at(event), to: at(event) });
      }}
      onPointerMove={(event) => drag !== undefined && setDrag({ ...drag, to: at(event) })}
      onPointerUp={() => {
        if (drag !== undefined && Math.abs(drag.to - drag.from) > LEAST_DRAG) {
          onView(zoomed(whole, drag.from, drag.to));
        }
        setDrag(undefined);
      }}
      onDoubleClick={() => onView(whole)}
    >
      <canvas ref={canvas} className={styles.canvas} />
      <div className={styles.shade} style={{ left: 0, width: `${shown.from * 100}%` }} />
      <div className={styles.shade} style={{ right: 0, width: `${(1 - shown.to) * 100}%` }} />
    </div>
  );
});

function drawSpans(
  canvas: HTMLCanvasElement,
  trace: Trace,
  nodes: readonly SpanNode[],
  colourOf: (span: Span) => string,
): void {
  const context = canvas.getContext('2d');
  if (context === null) {
    return;
  }
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  context.scale(scale, scale);
  const whole = wholeOf(trace);
  const pitch = Math.min(HEIGHT / Math.max(1, nodes.length), MOST_LINE + 1);
  nodes.forEach(({ span }, index) => {
    const left = place(whole, span.startMs) * width;
    const right = place(whole, endMs(span)) * width;
    context.fillStyle = span.failed ? '#e02f44' : colourOf(span);
    context.fillRect(left, index * pitch, Math.max(1, right - left), Math.max(1, pitch - 1));
  });
}

const getStyles = (theme: GrafanaTheme2) => ({
  map: css({
    position: 'relative',
    height: HEIGHT,
    cursor: 'col-resize',
    touchAction: 'none',
    overflow: 'hidden',
    background: theme.colors.background.secondary,
  }),
  canvas: css({ width: '100%', height: HEIGHT, display: 'block' }),
  shade: css({
    position: 'absolute',
    top: 0,
    bottom: 0,
    background: theme.isDark ? 'rgba(0, 0, 0, 0.55)' : 'rgba(120, 125, 135, 0.4)',
    pointerEvents: 'none',
  }),
});
