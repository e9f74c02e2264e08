import { createElement, forwardRef, useEffect, useImperativeHandle, useRef, useState } from 'react';
import { WebView, type WebViewMessageEvent } from 'react-native-webview';
import { type Answer, ModelHost, type NativeImage } from './host.ts';
import type { ModelInfo, PredictOptions } from './model.rn.js';
import { modelPage } from './modelPage.js';

export interface ModelHandle {
  predict(image: NativeImage, options?: PredictOptions): Promise<Answer>;
}

export interface ModelWebViewProps {
  /** The model can be asked; asking earlier is fine, too. */
  readonly onReady?: (info: ModelInfo) => void;
  /** The model does not run on this phone. */
  readonly onError?: (error: Error) => void;
}

/** Nothing to be seen, but mounted: some systems put a view of no size to sleep. */
const unseen = { position: 'absolute', width: 1, height: 1, opacity: 0 } as const;

/**
 * Runs the model where WebAssembly is, in a WebView. The page in it is a string of this app: it has no address, fetches
 * nothing, and may go nowhere.
 */
export const ModelWebView = forwardRef<ModelHandle, ModelWebViewProps>(
  ({ onReady, onError }, ref) => {
    const view = useRef<WebView | null>(null);
    const [host] = useState(() => new ModelHost((code) => view.current?.injectJavaScript(code)));
    useEffect(() => {
      host.onReady = onReady ?? (() => {});
      host.onError = onError ?? (() => {});
      return undefined;
    }, [host, onReady, onError]);
    useEffect(() => () => host.fail('the model was removed from the screen'), [host]);
    useImperativeHandle(
      ref,
      () => ({ predict: (image, options) => host.predict(image, options) }),
      [host],
    );
    const restart = (): void => {
      // The system takes the memory of a WebView away when it is short of it.
      host.fail('the WebView was stopped by the system; ask again');
      view.current?.reload();
    };
    return createElement(WebView, {
      ref: view,
      source: { html: modelPage },
      originWhitelist: ['about:blank'],
      javaScriptEnabled: true,
      incognito: true,
      onMessage: (event: WebViewMessageEvent) => host.receive(event.nativeEvent.data),
      onContentProcessDidTerminate: restart,
      onRenderProcessGone: restart,
      pointerEvents: 'none',
      accessibilityElementsHidden: true,
      importantForAccessibility: 'no-hide-descendants',
      style: unseen,
      containerStyle: unseen,
    });
  },
);
