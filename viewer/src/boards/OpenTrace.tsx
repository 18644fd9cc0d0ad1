// The drawer with a trace, opened by a dot or by a link of a panel; its id is in the address.
import { createContext, lazy, Suspense, useCallback, useContext, type ReactNode } from 'react';

import { setSearch, useLocation } from '../shell/router';

const TraceDrawer = lazy(async () => ({
  default: (await import('../trace/TraceDrawer')).TraceDrawer,
}));

const OpenContext = createContext<(traceId: string) => void>(() => undefined);

/** Opens the trace with an id beside the board. */
export const useOpenTrace = (): ((traceId: string) => void) => useContext(OpenContext);

export function OpenTrace({ children }: { children: ReactNode }) {
  const { search } = useLocation();
  const traceId = search.get('trace');
  const open = useCallback((id: string) => setSearch({ trace: id }), []);
  const close = useCallback(() => setSearch({ trace: null }), []);
  return (
    <OpenContext.Provider value={open}>
      {children}
      {traceId ? (
        <Suspense fallback={null}>
          <TraceDrawer traceId={traceId} onClose={close} />
        </Suspense>
      ) : null}
    </OpenContext.Provider>
  );
}
