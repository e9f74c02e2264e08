/**
 * As much of React and react-native-webview as the component uses: netlathe does not install them. `npm run prove:hermes`
 * checks what is emitted against the real ones.
 */
declare module 'react' {
  export interface MutableRef<T> {
    current: T;
  }
  export type Ref<T> = ((value: T | null) => void) | { current: T | null } | null;
  export function createElement(type: unknown, props: object): ReactElement;
  export interface ReactElement {
    readonly type: unknown;
  }
  export function forwardRef<T, P>(
    render: (props: P, ref: Ref<T>) => ReactElement,
  ): (props: P & { readonly ref?: Ref<T> }) => ReactElement;
  export function useEffect(effect: () => (() => void) | undefined, uses: readonly unknown[]): void;
  export function useImperativeHandle<T>(
    ref: Ref<T> | undefined,
    make: () => T,
    uses: readonly unknown[],
  ): void;
  export function useRef<T>(value: T): MutableRef<T>;
  export function useState<T>(make: () => T): [T, (value: T) => void];
}

declare module 'react-native-webview' {
  export interface WebViewMessageEvent {
    readonly nativeEvent: { readonly data: string };
  }
  export class WebView {
    injectJavaScript(code: string): void;
    reload(): void;
  }
}
