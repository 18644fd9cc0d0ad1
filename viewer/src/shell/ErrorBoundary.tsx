// Shows an error of what it contains in its place, so that the rest of a page stays.
import { Component, type ReactNode } from 'react';

interface Props {
  children: ReactNode;
}

export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error === null ? (
      this.props.children
    ) : (
      <p role="alert">This part of the page failed: {error.message}</p>
    );
  }
}
