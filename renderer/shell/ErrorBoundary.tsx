import { Button } from '@mantine/core';
import { Component, type ErrorInfo, type ReactNode } from 'react';

interface Props {
  /** What could not be drawn, in words. */
  readonly area: string;
  readonly children: ReactNode;
}

/** Keeps an error in one panel from affecting the others, and the unsaved document. */
export class ErrorBoundary extends Component<Props, { readonly error: Error | null }> {
  override state: { readonly error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }
  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="panel-error" role="alert">
        <b>The {this.props.area} could not be displayed.</b>
        <p>{error.message}</p>
        <p>Your pipeline is safe. This is a fault of Millrace itself; please report it.</p>
        <Button variant="default" onClick={() => this.setState({ error: null })}>
          Try again
        </Button>
      </div>
    );
  }
}
