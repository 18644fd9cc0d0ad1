// Dark and light: the choice is kept in the browser, and `?theme=` of an address comes first.
import { createTheme, type GrafanaTheme2, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  type ReactNode,
} from 'react';

import { useLocation } from './router';

export type Mode = 'dark' | 'light';

const KEY = 'serene.viewer.theme';

// A primary button under the mouse or with the focus: Grafana's lighter blue has 3.6:1 with its
// white text, where WCAG 2.2 (1.4.3) asks for 4.5:1.
const PRIMARY = { main: '#3d71d9', text: '#6e9fff', border: '#6e9fff', shade: '#3461b8' };

const themes: Readonly<Record<Mode, GrafanaTheme2>> = {
  dark: createTheme({ colors: { mode: 'dark', primary: PRIMARY } }),
  light: createTheme({ colors: { mode: 'light' } }),
};

const toMode = (text: string | null): Mode | undefined =>
  text === 'dark' || text === 'light' ? text : undefined;

function kept(): Mode {
  const preferred = window.matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  return toMode(window.localStorage.getItem(KEY)) ?? preferred;
}

interface ModeState {
  mode: Mode;
  toggle(): void;
}

const ModeContext = createContext<ModeState | null>(null);

export function ThemeProvider({ children }: { children: ReactNode }) {
  const { search } = useLocation();
  const asked = toMode(search.get('theme'));
  const [chosen, setChosen] = useState<Mode>(kept);
  const mode = asked ?? chosen;
  const toggle = useCallback(() => {
    const other = mode === 'dark' ? 'light' : 'dark';
    window.localStorage.setItem(KEY, other);
    setChosen(other);
  }, [mode]);
  useEffect(() => {
    document.documentElement.dataset['theme'] = mode;
  }, [mode]);
  const state = useMemo(() => ({ mode, toggle }), [mode, toggle]);
  return (
    <ModeContext.Provider value={state}>
      <ThemeContext.Provider value={themes[mode]}>
        <GlobalStyles />
        {children}
        <PortalContainer />
      </ThemeContext.Provider>
    </ModeContext.Provider>
  );
}

export function useMode(): ModeState {
  const state = useContext(ModeContext);
  if (state === null) {
    throw new Error('useMode outside of ThemeProvider');
  }
  return state;
}
