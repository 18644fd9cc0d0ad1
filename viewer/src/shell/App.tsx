// The application: address, theme, time range, and the page between them.
import { CurrentPage, Shell } from './Shell';
import { ThemeProvider } from './theme';
import { TimeProvider } from './time';

export function App() {
  return (
    <ThemeProvider>
      <TimeProvider>
        <Shell>
          <CurrentPage />
        </Shell>
      </TimeProvider>
    </ThemeProvider>
  );
}
